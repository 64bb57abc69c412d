"""Rows of files in the order of time, in bounded memory.

Sorted runs go to temporary files and are merged as they are read. Rows of the same time keep their order.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from fraud_platform.errors import ConfigurationError
from fraud_platform.feeding.column_mapping import RowFault
from fraud_platform.feeding.rows import NumberedRows, Rows
from fraud_platform.feeding.temporary_folder import TemporaryFolder

RUN_BYTES = 256 << 20
"""Of the rows that are sorted at once."""
_PIECE_ROWS = 10_000
"""Of each run in memory while runs are merged."""
_TIME, _NUMBER = "time\x00", "number\x00"
_KEYS = [(_TIME, "ascending"), (_NUMBER, "ascending")]
TimesOf = Callable[[NumberedRows], np.ndarray]


class SortedRows:
    """The same rows, sorted. The temporary files last as long as it does."""

    def __init__(self, rows: Rows, times_of: TimesOf, folder: Path | None = None, run_bytes: int = RUN_BYTES) -> None:
        """times_of: milliseconds (n,) of rows with all columns, least for those that have none. folder: of the files.

        Raises ConfigurationError where files give one column different types.
        """
        self.names, self.place = rows.names, rows.place
        self._folder = TemporaryFolder("rows-by-time-", folder)
        self._faults: list[RowFault] = []
        self._runs: list[Path] = []
        self._schema: pa.Schema | None = None
        pending: list[pa.RecordBatch] = []
        for batch in rows.batches(rows.names):
            self._faults += batch.faults
            if batch.rows.num_rows:
                pending.append(_with_keys(batch, times_of(batch)))
            if sum(one.nbytes for one in pending) > run_bytes:
                self._write(pending)
                pending = []
        if pending:
            self._write(pending)

    def batches(self, columns: Sequence[str]) -> Iterator[NumberedRows]:
        faults = self._faults
        for table in _merged([_pieces(run, columns) for run in self._runs]):
            for batch in table.combine_chunks().to_batches():
                numbers = batch.column(_NUMBER).to_numpy()
                yield NumberedRows(numbers, batch.select(list(columns)), faults)
                faults = []

    def _write(self, batches: list[pa.RecordBatch]) -> None:
        first = self._schema = self._schema or batches[0].schema
        for batch in batches:
            if differing := [field.name for field in first if batch.schema.field(field.name).type != field.type]:
                raise ConfigurationError(
                    f"column {', '.join(differing)} has another type in one file than in another "
                    f"({first.field(differing[0]).type} and {batch.schema.field(differing[0]).type}), and rows are not "
                    "in the order of time: give it one type in all, or send the files one by one"
                )
        path = self._folder.path / f"{len(self._runs)}.parquet"
        ordered = pa.Table.from_batches([batch.select(first.names) for batch in batches], first).sort_by(_KEYS)
        parquet.write_table(ordered, path, row_group_size=_PIECE_ROWS, compression="zstd")
        self._runs.append(path)


def _with_keys(batch: NumberedRows, times: np.ndarray) -> pa.RecordBatch:
    keys = [pa.array(times, pa.int64()), pa.array(batch.numbers, pa.int64())]
    names = [*batch.rows.schema.names, _TIME, _NUMBER]
    return pa.RecordBatch.from_arrays([*batch.rows.columns, *keys], names)


def _pieces(run: Path, columns: Sequence[str]) -> Iterator[pa.Table]:
    batches = parquet.ParquetFile(run).iter_batches(_PIECE_ROWS, columns=[*columns, _TIME, _NUMBER])
    return (pa.Table.from_batches([batch]) for batch in batches if batch.num_rows)


def _merged(runs: list[Iterator[pa.Table]]) -> Iterator[pa.Table]:
    """Rows of sorted runs in their common order. What lies up to the least of the runs' last times is complete."""
    heads = {at: piece for at, run in enumerate(runs) if (piece := next(run, None)) is not None}
    while heads:
        bound, at = min((_last(piece), at) for at, piece in heads.items())
        taken: list[pa.Table] = []
        for other, piece in list(heads.items()):
            count = piece.num_rows if other == at else _count_up_to(piece, bound)
            taken.append(piece.slice(0, count))
            heads[other] = piece.slice(count)
            if count == piece.num_rows:
                following = next(runs[other], None)
                heads.pop(other)
                if following is not None:
                    heads[other] = following
        yield pa.concat_tables(taken).sort_by(_KEYS)


def _last(piece: pa.Table) -> tuple[int, int]:
    return piece.column(_TIME)[-1].as_py(), piece.column(_NUMBER)[-1].as_py()


def _count_up_to(piece: pa.Table, bound: tuple[int, int]) -> int:
    """Rows of the piece that do not come after the bound."""
    times, numbers = piece.column(_TIME).to_numpy(), piece.column(_NUMBER).to_numpy()
    first, last = np.searchsorted(times, bound[0], "left"), np.searchsorted(times, bound[0], "right")
    return int(first + np.searchsorted(numbers[first:last], bound[1], "right"))
