"""Labelled files of transactions, Parquet or CSV, read in bounded memory."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Protocol

import pandas as pd
import pyarrow as pa
from pyarrow import csv, dataset

from fraud_platform.core.time import DAY_MS, day_of, day_start_ms
from fraud_platform.errors import ConfigurationError
from fraud_platform.feeding.column_mapping import MappedRows
from fraud_platform.messages.tolerant import printable

_BATCH_ROWS = 50_000
_FORMATS = {".parquet": "parquet", ".csv": "csv"}


@dataclass(frozen=True)
class Period:
    """The days to be read, both included, and the days to move them by."""

    first: date
    last: date
    shift_days: int
    file_first_ms: int
    """Time of the first row of these days, as dated in the file."""

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def first_ms(self) -> int:
        """Time of the first moved row."""
        return self.file_first_ms + self.shift_days * DAY_MS

    @property
    def start_ms(self) -> int:
        """Midnight before the first moved day."""
        return day_start_ms(self.first) + self.shift_days * DAY_MS

    @property
    def until_ms(self) -> int:
        """Midnight after the last moved day."""
        return day_start_ms(self.last) + (1 + self.shift_days) * DAY_MS


class RowReader(Protocol):
    """What rows of a file mean: a ColumnMapping, or the declaration."""

    @property
    def columns(self) -> list[str]:
        """Those that are read."""

    @property
    def time_columns(self) -> list[str]:
        """Of them, those with the time of the event."""

    def column_of(self, field: str) -> str: ...
    def times_ms(self, rows: pd.DataFrame) -> pd.Series: ...
    def map_rows(self, rows: pd.DataFrame, shift_days: int) -> MappedRows: ...


def open_file(path: Path) -> dataset.Dataset:
    """The file; raises ConfigurationError where it is not there, or not of a known format.

    Columns of a CSV file are read as the text that is in it: an id keeps its zeros, and Namibia its NA.
    """
    if not path.is_file():
        raise ConfigurationError(f"{path}: no such file")
    if path.suffix not in _FORMATS:
        raise ConfigurationError(f"{path}: not one of {', '.join(_FORMATS)}")
    with _clear_errors(path):
        rows = dataset.dataset(path, format=_FORMATS[path.suffix])
        if path.suffix != ".csv":
            return rows
        names = rows.schema.names
        if repeated := sorted({name for name in names if names.count(name) > 1}):
            raise ConfigurationError(f"{path} has column {', '.join(repeated)} twice: rename one of the two")
        as_text = csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), null_values=[""], strings_can_be_null=True
        )
        return dataset.dataset(path, format=dataset.CsvFileFormat(convert_options=as_text))


def require_columns(path: Path, rows: dataset.Dataset, reader: RowReader) -> None:
    """Raise ConfigurationError where the file lacks a column that the mapping names."""
    if missing := [name for name in reader.columns if name not in rows.schema.names]:
        raise ConfigurationError(
            f"{path} has no column {', '.join(missing)} that the mapping names; it has {', '.join(rows.schema.names)}"
        )


def find_period(
    rows: dataset.Dataset,
    reader: RowReader,
    start: date | None = None,
    end: date | None = None,
    shift_to: date | None = None,
) -> Period:
    """The days of a file between `start` and `end`, both included, the first of them moved to `shift_to`.

    Reads the time column only; values that are no times are left out. Raises ConfigurationError
    where the rows are not in time order, or none lie between the dates.
    """
    called = " and ".join(reader.time_columns)
    previous: int | None = None
    found: list[int] = []
    for frame in _batches(rows, reader.time_columns):
        times = reader.times_ms(frame).dropna().astype("int64")
        before = times.shift(fill_value=times.iloc[0] if previous is None else previous) if len(times) else times
        if (back := times < before).any():
            row = back.idxmax()
            raise ConfigurationError(
                f"rows are not in the order of {called}: sort the file by it "
                f"(row {row:,}, {' '.join(map(str, frame.loc[row]))}, is before the one above it)"
            )
        previous = int(times.iloc[-1]) if len(times) else previous
        inside = times[_between(times, start, end)]
        found += [int(inside.iloc[i]) for i in (0, -1) if len(inside)]
    if not found:
        raise ConfigurationError(f"no rows between {start or 'the first day'} and {end or 'the last day'}")
    first = day_of(found[0])
    return Period(first, day_of(found[-1]), (shift_to - first).days if shift_to else 0, found[0])


def mapped_rows(rows: dataset.Dataset, reader: RowReader, period: Period) -> Iterator[MappedRows]:
    """The transactions of a period in batches, moved in time, and the faults of rows that are none.

    A row without a time that can be read lies in every period.
    """
    for frame in _batches(rows, reader.columns):
        inside = frame[_between(reader.times_ms(frame), period.first, period.last).fillna(True).astype(bool)]
        if not inside.empty:
            yield reader.map_rows(inside, period.shift_days)


def read_period(rows: dataset.Dataset, reader: RowReader, period: Period) -> Iterator[pd.DataFrame]:
    """The transactions alone; raises ConfigurationError at the first row that is none."""
    for transactions, faults in mapped_rows(rows, reader, period):
        if faults:
            row, column, value, field, reason = faults[0]
            raise ConfigurationError(
                f"column {column} cannot be read as {field} in {len(faults):,} rows: "
                f"row {row:,}, {printable(value, 60)!r}, {reason}"
            )
        yield transactions


def _batches(rows: dataset.Dataset, columns: list[str]) -> Iterator[pd.DataFrame]:
    """Columns of the rows in their order; the index is the row's number, from 1 on."""
    first = 1
    batches = rows.to_batches(columns=columns, batch_size=_BATCH_ROWS)
    while True:
        with _clear_errors(rows.files[0]):
            batch = next(batches, None)
        if batch is None:
            return
        if batch.num_rows:
            yield batch.to_pandas(integer_object_nulls=True).set_index(pd.RangeIndex(first, first + batch.num_rows))
        first += batch.num_rows


@contextmanager
def _clear_errors(path: Path | str) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        words = str(error).rpartition("Invalid: ")[2]  # Arrow's own, after how it came to them
        raise ConfigurationError(f"{path}: cannot be read: {printable(words, 300)}") from None


def _between(times: pd.Series, start: date | None, end: date | None) -> pd.Series:
    inside = pd.Series(True, index=times.index, dtype="boolean")
    if start:
        inside &= times >= day_start_ms(start)
    if end:
        inside &= times < day_start_ms(end + timedelta(days=1))
    return inside
