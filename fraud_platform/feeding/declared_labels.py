"""Labels of rows by the declaration: which rows are frauds, and when each was reported."""

from collections.abc import Sequence
from typing import Any

import msgspec
import pandas as pd

from fraud_platform.core.declaration.fields.timestamp import FIRST_OF_TRANSACTIONS_MS, LAST_MS, Timestamp
from fraud_platform.core.declaration.file_layout import FileLayout
from fraud_platform.core.declaration.labels import Labels, label_text
from fraud_platform.core.time import DAY_MS
from fraud_platform.feeding.cells import is_empty
from fraud_platform.feeding.column_mapping import RowFault
from fraud_platform.feeding.refused import Refused
from fraud_platform.feeding.time_cells import time_ms, time_value, time_way_out


class DeclaredLabels:
    """Reads labels of files with these columns."""

    def __init__(self, labels: Labels, time: Timestamp, layout: FileLayout, names: Sequence[str], delay_days: float):
        self._labels, self._layout, self._delay_ms = labels, layout, int(delay_days * DAY_MS)
        self._values = labels.is_fraud_by_text
        self._reported = labels.reported(time.zone)
        self._is_fraud, self._reported_at = labels.columns
        self._has_reports = self._reported_at in names

    @property
    def columns(self) -> list[str]:
        return [self._is_fraud, *([self._reported_at] if self._has_reports else [])]

    @property
    def are_declared(self) -> bool:
        """Whether the declaration has values of its own."""
        return self._labels.fraud is not None

    def reported_ms(self, rows: pd.DataFrame, times: pd.Series) -> tuple[pd.Series, list[RowFault]]:
        """When each row's fraud is reported, -1 where none is, and the faults of rows whose label cannot be read.

        times: milliseconds since 1970 UTC of the rows, before they are moved. A row without a label has no report.
        """
        name = self._is_fraud
        told = [None if is_empty(cell, self._layout) else label_text(cell) for cell in rows[name].tolist()]
        faults = [
            RowFault(int(row), name, str(cell), "is_fraud", self._no_label(text))
            for row, cell, text in zip(rows.index, rows[name].tolist(), told, strict=True)
            if text is not None and text not in self._values
        ]
        is_fraud = pd.Series([text is not None and self._values.get(text, False) for text in told], index=rows.index)
        if not self._has_reports:
            return (times + self._delay_ms).where(is_fraud, -1).astype("int64"), faults
        reported = pd.Series(-1, index=rows.index, dtype="int64")
        for row in rows.index[is_fraud]:
            at = self._at(rows[self._reported_at][row], int(times[row]))
            if isinstance(at, Refused):
                cell = rows[self._reported_at][row]
                shown = "" if is_empty(cell) else str(cell)
                faults.append(RowFault(int(row), self._reported_at, shown, "reported_at", at.reason))
            else:
                reported[row] = at
        return reported, faults

    def _no_label(self, text: str) -> str:
        if self.are_declared:
            return "is none of the declared values: add it to fraud or to legitimate of labels"
        return "says neither fraud nor legitimate: declare labels: {…, fraud: [value], legitimate: [value]}"

    def _at(self, cell: Any, time: int) -> int | Refused:
        if is_empty(cell, self._layout):
            return Refused("is empty though the row is a fraud: leave the column out to report by --label-delay-days")
        value = time_value(self._reported, cell)
        if isinstance(value, Refused):
            return value
        at = self._undeclared_ms(value)
        at = time_ms(self._reported, [value]) if at is None else at
        if at is None:
            return Refused(f"is no time of a report: under labels, {time_way_out(self._reported, cell)}")
        if at < time - DAY_MS:
            return Refused("lies before its transaction: correct unit, format or zone under labels")
        return at

    def _undeclared_ms(self, value: Any) -> int | None:
        """Of whole milliseconds, which no other unit could be."""
        if self._labels.unit is not None or self._labels.format is not None:
            return None
        try:
            number = msgspec.convert(value, int, strict=False)
        except msgspec.ValidationError:
            return None
        return number if FIRST_OF_TRANSACTIONS_MS <= number < LAST_MS else None
