"""What is to be known of all rows before the first is read: no row tells it alone.

Whole numbers that a program wrote as 77.0 since the column has gaps; dates whose day and month are exchanged; labels
that count from 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from fraud_platform.core.declaration.fields.category import Category
from fraud_platform.core.declaration.fields.field import Field, column_of_path
from fraud_platform.core.declaration.fields.id import Id
from fraud_platform.core.declaration.fields.timestamp import Timestamp
from fraud_platform.core.declaration.file_layout import LOOK_MISSING, FileLayout
from fraud_platform.core.declaration.labels import label_text
from fraud_platform.core.declaration.time_guess import is_of, swapped
from fraud_platform.errors import ConfigurationError

_WHOLE, _DOTTED = r"^-?[0-9]+$", r"^-?[0-9]+\.0+$"
_MOST_LABELS = 100
_CONFLICTS = 3
"""Values that a refusal shows."""


@dataclass
class _Numbers:
    """How the cells of one column are written."""

    whole: int = 0
    dotted: int = 0
    others: int = 0

    def add(self, column: pa.Array, missing: Sequence[str]) -> None:
        """missing: texts that stand for no value."""
        texts = pc.utf8_trim_whitespace(pc.drop_null(column))
        known = texts.filter(pc.invert(pc.is_in(texts, pa.array(["", *missing], pa.string()))))
        whole, dotted = (_count(known, pattern) for pattern in (_WHOLE, _DOTTED))
        self.whole, self.dotted = self.whole + whole, self.dotted + dotted
        self.others += len(known) - whole - dotted

    @property
    def are_doubles(self) -> bool:
        """Whether all have the .0 of a double."""
        return self.dotted > 0 and not self.whole and not self.others

    @property
    def are_mixed(self) -> bool:
        return self.dotted > 0 and self.whole > 0 and not self.others


class FirstLook:
    """Of the columns of a declaration in a file that has these."""

    def __init__(
        self, names: Sequence[str], fields: Sequence[Field], time: Timestamp, is_fraud: str, layout: FileLayout
    ) -> None:
        """fields: all that are read, those of a report among them. time: the one with that role."""
        self._is_fraud = is_fraud
        self._missing = [*(layout.missing or ()), *LOOK_MISSING]
        self._time_columns = [column_of_path(path) for path in time.sources]
        self._fields: dict[str, Field] = {
            column: field
            for field in fields
            if _may_be_number(field) and (column := column_of_path(field.source)) in names
        }
        self._numbers = {column: _Numbers() for column in self._fields}
        self._labels: set[str] = set()
        self._formats: dict[str, str] = {
            column: field.format
            for field in fields
            if isinstance(field, Timestamp) and field.format is not None and swapped(field.format) is not None
            for column in [column_of_path(field.sources[0])]
            if len(field.sources) == 1 and column in names
        }
        self._exchanged: dict[str, list[str]] = {}
        self.notices: list[str] = []

    @property
    def columns(self) -> list[str]:
        return list(dict.fromkeys([*self._time_columns, self._is_fraud, *self._formats, *self._fields]))

    @property
    def doubles(self) -> set[str]:
        """Columns whose whole numbers all have the .0 of a double."""
        return {column for column, numbers in self._numbers.items() if numbers.are_doubles}

    @property
    def mixed(self) -> set[str]:
        """Columns of ids of which some have the .0 of a double and others have not."""
        of_ids = {column for column, field in self._fields.items() if isinstance(field, Id)}
        return {column for column, numbers in self._numbers.items() if numbers.are_mixed} & of_ids

    def add(self, batch: pa.RecordBatch) -> None:
        """Look at some rows. Columns have plain types."""
        for column, numbers in self._numbers.items():
            if pa.types.is_string(batch.column(column).type):
                numbers.add(batch.column(column), self._missing)
        if len(self._labels) < _MOST_LABELS:
            self._labels.update(map(label_text, pc.unique(batch.column(self._is_fraud)).to_pylist()))
        self._add_times(batch)

    def _add_times(self, batch: pa.RecordBatch) -> None:
        for column, form in self._formats.items():
            other, found = swapped(form) or "", self._exchanged.setdefault(column, [])
            if pa.types.is_string(batch.column(column).type) and len(found) < _CONFLICTS:
                texts = pc.unique(pc.drop_null(batch.column(column))).to_pylist()
                found += [text for text in texts if not is_of(form, text) and is_of(other, text)]

    def end(self, values_declared: bool) -> None:
        """Raise ConfigurationError where the rows as a whole would be read wrongly. values_declared: of labels."""
        for column, texts in self._exchanged.items():
            if texts:
                form = self._formats[column]
                raise ConfigurationError(
                    f"column {column} has {', '.join(map(repr, texts[:_CONFLICTS]))}: they are times of the format "
                    f"{swapped(form)}, and the declaration says {form}, so that day and month of other rows would be "
                    "exchanged: correct the format there"
                )
        if not values_declared and {"1", "2"} <= self._labels and "0" not in self._labels:
            raise ConfigurationError(
                f"column {self._is_fraud} has 1 and 2, of which either may be the frauds: declare "
                "labels: {…, fraud: [2], legitimate: [1]}, or the other way round"
            )
        for column in sorted(self.doubles):
            self.notices.append(f"column {column} has whole numbers written as 77.0: they are read as 77")


def _may_be_number(field: Field) -> bool:
    if isinstance(field, Category):
        return not any(value.endswith(".0") for value in field.values or ())
    return isinstance(field, Id)


def _count(known: pa.Array, pattern: str) -> int:
    return int(pc.sum(pc.match_substring_regex(known, pattern)).as_py() or 0)
