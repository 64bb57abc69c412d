"""Labelled files of transactions: their period, and the transactions of it, read in bounded memory."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Protocol

import numpy as np
import pandas as pd
import pyarrow as pa

from fraud_platform.core.time import DAY_MS, day_of, day_start_ms
from fraud_platform.errors import ConfigurationError
from fraud_platform.feeding.column_mapping import MappedRows, RowFault
from fraud_platform.feeding.rows import NumberedRows, Rows
from fraud_platform.feeding.sorted_rows import SortedRows
from fraud_platform.messages.declared.decoder import TransactionDecoder
from fraud_platform.messages.tolerant import printable

NO_TIME = int(np.iinfo(np.int64).min)


@dataclass(frozen=True)
class Period:
    """The days to be read, both included, and the days to move them by."""

    first: date
    last: date
    shift_days: int
    file_first_ms: int
    """Time of the first row of these days, as dated in the file."""
    is_sorted: bool = True
    """Whether rows are in the order of time."""

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
    def decoder(self) -> TransactionDecoder:
        """Of the messages that rows become."""

    @property
    def columns(self) -> list[str]:
        """Those that are read."""

    @property
    def time_columns(self) -> list[str]:
        """Of them, those with the time of the event."""

    @property
    def first_look_columns(self) -> list[str]:
        """Those that are looked at as a whole before any row is read, times among them."""

    @property
    def time_way_out(self) -> str:
        """What to do where no time can be read, after a colon; empty where nothing is known."""

    def frame_of(self, batch: pa.RecordBatch, numbers: np.ndarray) -> pd.DataFrame:
        """Rows as the methods below take them; the index is their numbers."""

    def look_at(self, batch: pa.RecordBatch) -> None:
        """Note what is to be known of all rows before the first is read."""

    def end_look(self) -> None:
        """Raise ConfigurationError where the rows, seen as a whole, cannot be read."""

    def column_of(self, field: str) -> str: ...
    def times_ms(self, rows: pd.DataFrame) -> pd.Series: ...
    def map_rows(self, rows: pd.DataFrame, shift_days: int) -> MappedRows: ...


def require_columns(path: Path, rows: Rows, reader: RowReader) -> None:
    """Raise ConfigurationError where the file lacks a column that the mapping names."""
    if missing := [name for name in reader.columns if name not in rows.names]:
        raise ConfigurationError(
            f"{path} has no column {', '.join(missing)} that the mapping names; it has {', '.join(rows.names)}"
        )


def find_period(
    rows: Rows,
    reader: RowReader,
    start: date | None = None,
    end: date | None = None,
    shift_to: date | None = None,
    *,
    sorts: bool = False,
) -> Period:
    """The days of a file between `start` and `end`, both included, the first of them moved to `shift_to`.

    Reads the columns only that are looked at as a whole; values that are no times are left out. sorts: rows may
    come in any order. Raises ConfigurationError where they may not and do, where none lie between the dates, or
    where the reader cannot take the file as a whole.
    """
    found, previous, is_sorted, count = _Span(), NO_TIME, True, 0
    unread: RowFault | None = None
    for batch in rows.batches(reader.first_look_columns):
        reader.look_at(batch.rows)
        count += batch.rows.num_rows + len(batch.faults)
        unread = unread or next(iter(batch.faults), None)
        frame = reader.frame_of(batch.rows.select(reader.time_columns), batch.numbers)
        times = reader.times_ms(frame).dropna().astype("int64")
        back = times < times.shift(fill_value=previous)
        if back.any() and not sorts:
            raise ConfigurationError(_out_of_order(reader, frame, back.idxmax()))
        is_sorted = is_sorted and not back.any()
        previous = int(times.iloc[-1]) if len(times) else previous
        found.add(times[_between(times, start, end)])
    reader.end_look()
    if found.first_ms is None or found.last_ms is None:
        days = f"between {start or 'the first day'} and {end or 'the last day'}"
        raise ConfigurationError(f"no rows {days}" if previous != NO_TIME else _no_time(reader, count, unread))
    first = day_of(found.first_ms)
    shift_days = (shift_to - first).days if shift_to else 0
    return Period(first, day_of(found.last_ms), shift_days, found.first_ms, is_sorted)


class _Span:
    """From the earliest to the latest time."""

    first_ms: int | None = None
    last_ms: int | None = None

    def add(self, times: pd.Series) -> None:
        if len(times):
            least, most = int(times.min()), int(times.max())
            self.first_ms = least if self.first_ms is None else min(least, self.first_ms)
            self.last_ms = most if self.last_ms is None else max(most, self.last_ms)


def _out_of_order(reader: RowReader, frame: pd.DataFrame, row: int) -> str:
    cells = " ".join(str(frame.loc[row, name]) for name in reader.time_columns)
    return (
        f"rows are not in the order of {' and '.join(reader.time_columns)}: sort the file by it "
        f"(row {row:,}, {cells}, is before the one above it)"
    )


def _no_time(reader: RowReader, count: int, unread: RowFault | None) -> str:
    called = " and ".join(reader.time_columns)
    if not count:
        return f"there is a header with {called}, and no row below it"
    if unread is not None and not reader.time_way_out:
        return f"none of {count:,} rows can be read: row {unread.row:,} {unread.reason}"
    return f"none of {count:,} rows has a time that can be read in {called}{reader.time_way_out}"


def by_time(rows: Rows, reader: RowReader, folder: Path | None) -> Rows:
    """The rows in the order of time, by way of temporary files in the folder; those without a time come first."""

    def times_of(batch: NumberedRows) -> np.ndarray:
        frame = reader.frame_of(batch.rows.select(reader.time_columns), batch.numbers)
        return reader.times_ms(frame).fillna(NO_TIME).to_numpy(np.int64)

    return SortedRows(rows, times_of, folder)


def mapped_rows(rows: Rows, reader: RowReader, period: Period) -> Iterator[MappedRows]:
    """The transactions of a period in batches, moved in time, and the faults of rows that are none.

    A row without a time that can be read lies in every period.
    """
    unread: list[RowFault] = []
    mapped: MappedRows | None = None
    for batch in rows.batches(reader.columns):
        unread += batch.faults
        frame = reader.frame_of(batch.rows, batch.numbers)
        inside = frame[_between(reader.times_ms(frame), period.first, period.last).fillna(True).astype(bool)]
        if not inside.empty:
            mapped = reader.map_rows(inside, period.shift_days)
            yield MappedRows(mapped.frame, sorted([*mapped.faults, *unread]))
            unread = []
    if unread and mapped is not None:
        yield MappedRows(mapped.frame.iloc[:0], unread)


def read_period(rows: Rows, reader: RowReader, period: Period) -> Iterator[pd.DataFrame]:
    """The transactions alone; raises ConfigurationError at the first row that is none."""
    for transactions, faults in mapped_rows(rows, reader, period):
        if faults:
            row, column, value, field, reason = faults[0]
            raise ConfigurationError(
                f"column {column} cannot be read as {field} in {len(faults):,} rows: "
                f"row {row:,}, {printable(value, 60)!r}, {reason}"
            )
        yield transactions


def _between(times: pd.Series, start: date | None, end: date | None) -> pd.Series:
    inside = pd.Series(True, index=times.index, dtype="boolean")
    if start:
        inside &= times >= day_start_ms(start)
    if end:
        inside &= times < day_start_ms(end + timedelta(days=1))
    return inside
