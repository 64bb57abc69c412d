"""A log-structured merge (LSM) store: sorted, immutable Arrow files, called runs, that are merged as they grow many.

Each batch writes one run. It reads the runs of the batches before it and no others, and
writes its own under its batch id. Run again after a crash, it finds the same state and
writes the same run once more. So the store needs no log of its own, no lock and no commit.
"""

from collections.abc import Callable, Iterable
from functools import partial
from itertools import takewhile
from pathlib import Path
from typing import Generic, NamedTuple, Protocol, TypeVar

import pyarrow as pa

from streaming.state.durable_files import durable_file

FAN_OUT = 8
"""This many neighbouring runs of a level become one run."""
LEVEL_ROWS = (8_192, 65_536, 524_288)
"""A run belongs to the first level that is larger; the largest runs stay as they are until they are too old."""


class RunFile(Protocol):
    """An opened file: how many rows it has, and the newest time that any of them tells of."""

    newest_ms: int

    def __len__(self) -> int: ...


F = TypeVar("F", bound=RunFile)


class Run(NamedTuple, Generic[F]):
    """An opened file and the batches whose rows it holds, both included."""

    path: Path
    first_batch: int
    last_batch: int
    file: F


class LsmStore(Generic[F]):
    """The store in one folder as batch `batch_id` finds it: its runs, oldest first."""

    def __init__(self, folder: Path, batch_id: int, open_file: Callable[[Path], F]) -> None:
        self._folder = folder
        self._batch_id = batch_id
        self._open = open_file
        spans = [tuple(map(int, path.stem.split("-"))) for path in folder.glob("*.arrow")]
        # The widest run comes first among those with the same first batch.
        spans.sort(key=lambda span: (span[0], -span[1]))
        self._runs = [self._run(*span) for span in _outermost(spans) if span[1] < batch_id]

    @property
    def files(self) -> list[F]:
        return [run.file for run in self._runs]

    def path(self) -> Path:
        """Where the batch's own run belongs."""
        return self._path(self._batch_id, self._batch_id)

    def compact(self, horizon_ms: int, merge: Callable[[list[F], Path], None]) -> None:
        """Compaction: delete runs that tell of nothing since the horizon, and merge small ones, level by level.

        merge: writes the rows of some neighbouring files, oldest first, as one. Only runs
        of former batches are touched, since they alone are never written again.
        """
        self._delete([run for run in self._runs if run.file.newest_ms < horizon_ms])
        for rows in LEVEL_ROWS:
            small = list(takewhile(partial(_is_smaller, rows), reversed(self._runs)))[::-1]
            if len(small) >= FAN_OUT:
                first, last = small[0].first_batch, small[-1].last_batch
                merge([run.file for run in small], self._path(first, last))
                self._delete(small)
                self._runs.append(self._run(first, last))

    def _run(self, first_batch: int, last_batch: int) -> Run[F]:
        path = self._path(first_batch, last_batch)
        return Run(path, first_batch, last_batch, self._open(path))

    def _path(self, first_batch: int, last_batch: int) -> Path:
        return self._folder / f"{first_batch:012}-{last_batch:012}.arrow"

    def _delete(self, runs: list[Run[F]]) -> None:
        for run in runs:
            self._runs.remove(run)
            run.path.unlink()


def write_file(path: Path, batch: pa.RecordBatch) -> None:
    """Write an Arrow file: whole or not at all."""
    # Spark may commit the batch right after: a power cut must not leave the commit without the state.
    with durable_file(path) as file, pa.ipc.new_file(file, batch.schema) as writer:
        writer.write_batch(batch)


def map_file(path: Path) -> pa.Table:
    """The file's rows, memory-mapped: reading them costs the pages that are looked at."""
    with pa.memory_map(str(path)) as source:
        return pa.ipc.open_file(source).read_all()


def _is_smaller(rows: int, run: Run[F]) -> bool:
    return len(run.file) < rows


def _outermost(spans: Iterable[tuple[int, ...]]) -> Iterable[tuple[int, ...]]:
    """Without the runs that a merge was about to delete."""
    end = -1
    for span in spans:
        if span[1] > end:
            end = span[1]
            yield span
