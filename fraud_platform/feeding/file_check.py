"""A whole file looked at before its first message goes out: by the scorer's decoder, and by what the topics take."""

import csv
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from fraud_platform.feeding.column_mapping import RowFault
from fraud_platform.feeding.labelled_file import Period, RowReader, mapped_rows
from fraud_platform.feeding.messages import REPORT_COLUMNS, Disturbances, report_messages, transaction_messages
from fraud_platform.feeding.rows import Rows
from fraud_platform.feeding.topic_limits import Bound, Limits
from fraud_platform.messages.decoding import label_or_fault
from fraud_platform.messages.diagnosis import Fault
from fraud_platform.messages.schemas import FIRST_TIME_MS, LAST_TIME_MS
from fraud_platform.messages.tolerant import printable
from fraud_platform.storage.clock import as_text

_UNDISTURBED = Disturbances()
_SECONDS_MS = 1_000
MOST_LINES = 12
"""Kinds of faults that a message lists; it counts the others."""


class Place(NamedTuple):
    """Where a row stands."""

    file: str | None
    """None where there is one file only."""
    row: int
    """From 1 on, the first below the header of a CSV file."""

    def __str__(self) -> str:
        return f"row {self.row:,}" + (f" of {self.file}" if self.file else "")


PlaceOf = Callable[[int], Place]


def _of_one_file(number: int) -> Place:
    return Place(None, number)


@dataclass
class Beyond:
    """Rows beyond one bound of a topic."""

    bound: Bound
    column: str
    """event_time_ms, or reported_at_ms where the bound is that of the labels topic."""
    rows: int = 0
    first_row: int = 0
    first_ms: int = 0


@dataclass
class FileCheck:
    """What is to be known of a file before it is sent. Times are those that are sent, moved by --shift-to."""

    rows: int = 0
    frauds: int = 0
    faults: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """(field, column, reason) → rows."""
    first_faults: dict[tuple[str, str, str], RowFault] = field(default_factory=dict)
    rejected: list[np.ndarray] = field(default_factory=list)
    """Numbers of the rows that are no transactions, in order."""
    beyond: list[Beyond] = field(default_factory=list)
    place: PlaceOf = _of_one_file
    """Number of a row → where it stands."""
    first_ms: int | None = None
    last_ms: int | None = None

    @property
    def rejected_rows(self) -> int:
        return self.faults.total()

    @property
    def transactions(self) -> int:
        """Rows that are one."""
        return self.rows - self.rejected_rows

    def fault_lines(self) -> list[str]:
        """One line for each kind of fault, the most frequent first."""
        lines = [
            f"{name} (column {column}) {reason}: {count:,} rows, first {self.place(self.first_faults[kind].row)}: "
            f"{printable(self.first_faults[kind].value, 60)!r}"
            for kind, count in self.faults.most_common(MOST_LINES)
            for name, column, reason in (kind,)
        ]
        others = len(self.faults) - len(lines)
        return [*lines, f"and {others} other kinds"] if others else lines

    def limit_lines(self) -> list[str]:
        """One line for each limit of a topic that rows are beyond, with what mends it."""
        return [
            f"{x.rows:,} of {self.rows:,} rows are {x.bound.reason}; the first is {self.place(x.first_row)}, "
            f"{as_text(x.first_ms)}. {x.bound.way_out}"
            for x in self.beyond
            if x.rows
        ]


def check_file(
    rows: Rows,
    reader: RowReader,
    period: Period,
    of_transactions: Limits,
    of_reports: Limits,
    *,
    since_ms: int | None = None,
    place: PlaceOf = _of_one_file,
    on_rows: Callable[[int], object] = lambda count: None,
    on_faults: Callable[[Sequence[RowFault]], object] = lambda faults: None,
) -> FileCheck:
    """Every row of the period, as the scorer will judge its message.

    since_ms: rows before it are not held against the limits, since Kafka has them already.
    """
    # What is reported in the future is left for a later feed.
    of_chargebacks = [Beyond(bound, "reported_at_ms") for bound in of_reports.bounds if bound.is_lowest]
    of_rows = [Beyond(bound, "event_time_ms") for bound in of_transactions.bounds]
    check = FileCheck(beyond=[*of_rows, *of_chargebacks], place=place)
    for mapped in mapped_rows(rows, reader, period):
        faults = sorted([*mapped.faults, *_message_faults(reader, mapped.frame)])
        on_faults(faults)
        _count_faults(check, faults)
        frame = mapped.frame.drop(index=[fault.row for fault in faults], errors="ignore")
        check.rows += len(mapped.frame) + len(mapped.faults)
        check.frauds += int((frame["reported_at_ms"] >= 0).sum())
        if len(frame):
            check.first_ms = int(frame["event_time_ms"].iloc[0]) if check.first_ms is None else check.first_ms
            check.last_ms = int(frame["event_time_ms"].iloc[-1])
        unsent = frame if since_ms is None else frame[frame["event_time_ms"] >= since_ms]
        for beyond in check.beyond:
            times = unsent[beyond.column]
            _count_beyond(beyond, times[times >= 0])
        on_rows(check.rows)
    return check


def sound_rows(rows: Rows, reader: RowReader, period: Period, rejected: Sequence[np.ndarray]) -> Iterator[pd.DataFrame]:
    """The transactions of a file that has been checked, without the rows that were rejected."""
    numbers = np.concatenate(rejected) if rejected else np.empty(0, np.int64)
    for frame, _ in mapped_rows(rows, reader, period):
        yield frame.drop(index=numbers[np.isin(numbers, frame.index)]) if len(numbers) else frame


class RejectFile:
    """A CSV file of the rows that are not sent: row, column, value, field, reason, and file where there are several."""

    def __init__(self, path: Path, place: PlaceOf = _of_one_file) -> None:
        self._place, self._has_file = place, place(1).file is not None
        self._file = path.open("w", newline="")
        self._writer = csv.writer(self._file)
        self._writer.writerow([*RowFault._fields, *(["file"] if self._has_file else [])])

    def write(self, faults: Sequence[RowFault]) -> None:
        for fault in faults:
            at = self._place(fault.row)
            self._writer.writerow([*fault._replace(row=at.row), *([at.file] if self._has_file else [])])

    def close(self) -> None:
        self._file.close()


def _message_faults(reader: RowReader, frame: pd.DataFrame) -> list[RowFault]:
    """What the decoder of scorer and batch says of the rows' messages."""
    found: list[RowFault] = []
    messages = transaction_messages(frame, _UNDISTURBED)
    for row, message in zip(frame.index, messages, strict=True):
        if outcome := reader.decoder.fault(message.key, message.value, message.send_ms):
            found.append(_row_fault(reader, frame, row, outcome))
    reports = frame.loc[frame["reported_at_ms"] >= 0, REPORT_COLUMNS]
    faulty = {fault.row for fault in found}
    for row, message in zip(reports.index, report_messages(reports), strict=True):
        report = label_or_fault(message.value, message.send_ms)
        if isinstance(report, Fault) and row not in faulty:
            of_report = report._replace(reason=f"{report.reason}, which is the limit of fraud reports")
            found.append(_row_fault(reader, frame, row, of_report))
    return found


def _row_fault(reader: RowReader, frame: pd.DataFrame, row: int, fault: Fault) -> RowFault:
    column = reader.column_of(fault.field)
    name = "customer_id" if fault.field == "key" else fault.field  # as reports call it
    value: Any = frame[name][row] if name in frame else ""
    reason = fault.reason
    if fault.field == "event_time_ms" and FIRST_TIME_MS <= value * _SECONDS_MS <= LAST_TIME_MS:
        reason += " (it looks like seconds; milliseconds are wanted)"
    return RowFault(int(row), column, str(value), fault.field, reason)


def _count_faults(check: FileCheck, faults: Sequence[RowFault]) -> None:
    for fault in faults:
        kind = (fault.field, fault.column, fault.reason)
        check.faults[kind] += 1
        check.first_faults.setdefault(kind, fault)
    if faults:
        check.rejected.append(np.array([fault.row for fault in faults], np.int64))


def _count_beyond(beyond: Beyond, times: pd.Series) -> None:
    outside = times[times < beyond.bound.at_ms] if beyond.bound.is_lowest else times[times >= beyond.bound.at_ms]
    if len(outside):
        if not beyond.rows:
            beyond.first_row, beyond.first_ms = int(outside.index[0]), int(outside.iloc[0])
        beyond.rows += len(outside)
