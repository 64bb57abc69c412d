"""What mends a row that the decoder does not take: its reason says what is wrong, and here what to declare."""

import re
from collections.abc import Sequence
from typing import Any

from fraud_platform.core.declaration.fields.boolean import Boolean
from fraud_platform.core.declaration.fields.category import Category
from fraud_platform.core.declaration.fields.decimal import Decimal
from fraud_platform.core.declaration.fields.field import Field
from fraud_platform.core.declaration.fields.id import Id
from fraud_platform.core.declaration.fields.numeric import Numeric
from fraud_platform.core.declaration.fields.timestamp import Timestamp
from fraud_platform.core.declaration.file_layout import FileLayout
from fraud_platform.feeding.cells import is_empty
from fraud_platform.feeding.time_cells import time_way_out
from fraud_platform.messages.tolerant import printable

_MOST_REMEMBERED = 1_000


class WaysOut:
    """Told once for all cells of a shape: rows at fault are many, and alike."""

    def __init__(self, layout: FileLayout) -> None:
        self._layout = layout
        self._known: dict[tuple[str, str], str] = {}
        self.of_times = ""
        """Where no time can be read, what to declare."""

    def note_time(self, field: Timestamp, cells: Sequence[Any], row: int) -> None:
        """A time that could not be read, and the number of its row."""
        if not self.of_times and not any(is_empty(cell, self._layout) for cell in cells):
            self.of_times = (
                f", such as {printable(str(cells[0]), 60)!r} in row {row:,}: {self._of_time(field, cells[0])}"
            )

    def of(self, field: Field | None, cell: Any, reason: str) -> str:
        """To be put after the reason."""
        if field is None:
            return ""
        if is_empty(cell, self._layout):
            return "" if field.role else ": correct the file, or declare optional: true"
        if isinstance(field, Timestamp):
            return f": {self._of_time(field, cell)}"
        if isinstance(field, Boolean):
            return ": true and false are also 1 and 0, yes and no"
        if isinstance(field, Id | Category) and "length <=" in reason:
            return f": declare max_length: {_room(len(str(cell)))}" if len(str(cell)) <= 256 else ": it may have 256"
        if isinstance(field, Category):
            return ": correct it, or declare what else there is"
        return self._of_number(field, reason)

    def _of_time(self, field: Timestamp, cell: Any) -> str:
        shape = field.name, re.sub("[0-9]", "0", str(cell)[:40])
        if shape not in self._known and len(self._known) < _MOST_REMEMBERED:
            self._known[shape] = time_way_out(field, cell)
        return self._known.get(shape, "correct it")

    @staticmethod
    def _of_number(field: Field, reason: str) -> str:
        if isinstance(field, Decimal) and "decimal places" in reason and "more than" in reason:
            return ": round it, or declare a larger scale"
        if isinstance(field, Numeric) and (">=" in reason or "<=" in reason):
            return ": declare another min or max if such values are right"
        return ": correct it"


def _room(length: int) -> int:
    """The next power of two, which is at most 256."""
    return 1 << (length - 1).bit_length()
