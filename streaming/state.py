"""The scorer's state: each customer's trailing events, in sorted files that are written once.

Every batch leaves the events it kept as one run, an Arrow file sorted by customer and
memory-mapped by whoever reads it, so a batch pays for the customers it touches and not
for those it does not. Runs lie in one folder a Kafka partition, since a customer's
transactions all do. Small runs are merged as their number grows, old ones are dropped.

A batch reads the runs of the batches before it and no others. Run again after a crash,
it finds the same state and writes the same run once more.
"""

import os
from collections.abc import Iterable
from functools import partial
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from fraud_platform.core.features.events import EVENT, NO_EVENTS, EventArray
from fraud_platform.core.features.windows import HISTORY_MS
from fraud_platform.schemas import MAX_CLOCK_SKEW_MS, MAX_LATENESS_MS

Int = NDArray[np.int64]

SEED_FOLDER = "seed"
FAN_OUT = 8
"""So many neighbouring runs of a level become one run."""
LEVEL_ROWS = (8_192, 65_536, 524_288)
"""A run belongs to the first level that is larger; the largest runs stay as they are until they are too old."""
_SCHEMA = pa.schema([("customer", pa.int64()), ("event", pa.binary(EVENT.itemsize))])


class Run(NamedTuple):
    """A file, opened, and the batches whose events it holds, both included."""

    path: Path
    first_batch: int
    last_batch: int
    file: "RunFile"


class PartitionState:
    """The state of one Kafka partition as batch `batch_id` finds it."""

    def __init__(self, folder: Path, partition: int, batch_id: int) -> None:
        """folder: of all partitions' runs and of the seed, whose events come before those of any batch."""
        self._folder = folder / str(partition)
        self._batch_id = batch_id
        self._runs = _runs(self._folder, batch_id)
        self._seed = [RunFile(path) for path in sorted((folder / SEED_FOLDER).glob("*.arrow"))]

    def history(self, customers: Int) -> EventArray:
        """Events of the customers (sorted, unique), in each one's order of arrival."""
        files = [*self._seed, *(run.file for run in self._runs)]
        return np.concatenate([NO_EVENTS, *(file.events_of(customers) for file in files)])

    def add(self, kept: EventArray) -> None:
        """Write the batch's events: KernelResult.kept, sorted by customer."""
        if len(kept):
            write_run(self._path(self._batch_id, self._batch_id), kept)

    def compact(self, oldest_arrival_ms: int) -> None:
        """Drop what no transaction that arrives from now on can refer to, and merge small runs.

        oldest_arrival_ms: the earliest Kafka timestamp in the batch. Only runs of former
        batches are merged, since they alone are never written again.
        """
        horizon_ms = oldest_arrival_ms - REACH_MS
        expired = [run for run in self._runs if run.file.newest_ms < horizon_ms]
        self._delete(expired)
        for rows in LEVEL_ROWS:
            small = list(takewhile(partial(_is_smaller, rows), reversed(self._runs)))[::-1]
            if len(small) >= FAN_OUT:
                self._merge(small, horizon_ms)

    def _merge(self, runs: list[Run], horizon_ms: int) -> None:
        events = np.concatenate([run.file.events for run in runs])
        events = events[events["time_ms"] >= horizon_ms]
        first, last = runs[0].first_batch, runs[-1].last_batch
        path = self._path(first, last)
        # Stable: within a customer the runs' order is the order of arrival.
        write_run(path, events[np.argsort(events["customer"], kind="stable")])
        self._delete(runs)
        self._runs.append(Run(path, first, last, RunFile(path)))

    def _delete(self, runs: list[Run]) -> None:
        for run in runs:
            self._runs.remove(run)
            run.path.unlink()

    def _path(self, first_batch: int, last_batch: int) -> Path:
        return self._folder / f"{first_batch:012}-{last_batch:012}.arrow"


REACH_MS = HISTORY_MS + MAX_LATENESS_MS + MAX_CLOCK_SKEW_MS
"""How long before its arrival a transaction's windows can begin."""


class RunFile:
    """A run, memory-mapped: reading it costs the pages that are looked at."""

    def __init__(self, path: Path) -> None:
        with pa.memory_map(str(path)) as source:
            table = pa.ipc.open_file(source).read_all()
        self._customers = table["customer"].chunk(0).to_numpy() if len(table) else np.empty(0, np.int64)
        data = table["event"].chunk(0).buffers()[1] if len(table) else b""
        self.events: EventArray = np.frombuffer(data, EVENT, len(table))
        self.newest_ms = int(table.schema.metadata[b"newest_ms"])

    def __len__(self) -> int:
        return len(self.events)

    def events_of(self, customers: Int) -> EventArray:
        """Events of the customers (sorted), in the file's order."""
        first = np.searchsorted(self._customers, customers, side="left")
        count = np.searchsorted(self._customers, customers, side="right") - first
        ends = np.cumsum(count)
        positions = np.arange(ends[-1] if len(ends) else 0) + np.repeat(first - ends + count, count)
        return self.events[positions]


def write_run(path: Path, events: EventArray) -> None:
    """Write events, sorted by customer and in order of arrival, as a run: whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    newest_ms = int(events["time_ms"].max(initial=0))
    schema = _SCHEMA.with_metadata({"newest_ms": str(newest_ms)})
    data = pa.py_buffer(np.ascontiguousarray(events))
    columns = [
        pa.array(np.ascontiguousarray(events["customer"])),
        pa.FixedSizeBinaryArray.from_buffers(schema.field("event").type, len(events), [None, data]),
    ]
    unfinished = path.with_suffix(f".{os.getpid()}")
    with unfinished.open("wb") as file:
        with pa.ipc.new_file(file, schema) as writer:
            writer.write_batch(pa.record_batch(columns, schema=schema))
        # Spark may commit the batch right after: a power cut must not leave the commit without the state.
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)


def _runs(folder: Path, batch_id: int) -> list[Run]:
    """Runs of the batches before batch_id, in their order; those that a merge was about to delete are left out."""
    spans = [tuple(map(int, path.stem.split("-"))) for path in folder.glob("*.arrow")]
    # The widest run comes first among those with the same first batch.
    spans.sort(key=lambda span: (span[0], -span[1]))
    paths = ((folder / f"{first:012}-{last:012}.arrow", first, last) for first, last in _outermost(spans))
    return [Run(path, first, last, RunFile(path)) for path, first, last in paths if last < batch_id]


def _is_smaller(rows: int, run: Run) -> bool:
    return len(run.file) < rows


def _outermost(spans: Iterable[tuple[int, ...]]) -> Iterable[tuple[int, ...]]:
    end = -1
    for span in spans:
        if span[1] > end:
            end = span[1]
            yield span
