"""What all values of one column have in common: what it may be declared as."""

import re
from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal as Exact
from typing import Any

import msgspec

from fraud_platform.core.declaration.fields.ip import canonical
from fraud_platform.core.declaration.file_layout import LOOK_MISSING
from fraud_platform.core.declaration.labels import FRAUD, LEGITIMATE, label_text
from fraud_platform.core.declaration.number_notation import plain_number
from fraud_platform.core.declaration.time_guess import FORMATS, is_of

MOST_VALUES = 2_000
"""Distinct values of a column that are counted one by one."""
NOTATIONS: tuple[tuple[str, str | None], ...] = ((".", None), (".", ","), (",", None), (",", "."), (",", " "))
"""Decimal sign and what stands between thousands, the most usual first."""
_SIGN = re.compile(r"^-?([^\d\s.,'+-]{1,3})\s*-?[\d.,]|[\d.,]\s*([^\d\s.,'+-]{1,3})$")
_EXPONENT = re.compile(r"[eE]")
_FLAGS = {*FRAUD, *LEGITIMATE}


class Profile:
    """Of one column, over all rows that were added."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.rows = self.empty = self.longest = 0
        self.values: Counter[str] = Counter()
        """How often each value is there, up to MOST_VALUES of them."""
        self.has_many = False
        """Whether there are more."""
        self.missing: set[str] = set()
        """Words that stand for no value."""
        self.rows_of_values = 0
        """Rows that had a value until there were many."""
        self.notations = list(NOTATIONS)
        """In which all values are numbers."""
        self.sign: str | None = None
        self.is_sign_before = True
        self.places = 0
        self.least = self.most = 0.0
        self.has_zeros_before = False
        """Whether a number begins with a zero that tells it from another."""
        self.formats = list(FORMATS)
        """In which all values are times."""
        self.has_offsets = self.is_ip = self.is_flag = self.is_plain = self.is_quoted = True
        self.is_time = self.is_naive_time = False
        """Whether its type is one of times, and of times without a zone."""
        self.has_far_times = False
        """Whether a time lies before 1970 or after 2099."""

    @property
    def known(self) -> int:
        """Rows that have a value."""
        return self.rows - self.empty

    @property
    def is_number(self) -> bool:
        return bool(self.known and self.notations) and not self.is_time

    @property
    def is_whole(self) -> bool:
        return self.is_number and self.places == 0 and self.sign is None

    @property
    def is_constant(self) -> bool:
        return not self.has_many and len(self.values) <= 1 and (not self.empty or not self.known)

    @property
    def repeats(self) -> bool:
        """Whether values come again and again, in files that are long enough to tell."""
        return self.rows_of_values < 100 or self.rows_of_values > 1.2 * self.distinct

    @property
    def distinct(self) -> int:
        """At least; exactly where there are not many."""
        return len(self.values)

    def add(self, cells: Iterable[Any]) -> None:
        """Cells of further rows; None where there is nothing."""
        counted = Counter(_as_text(cell) for cell in cells)
        typed = next((cell for cell in (cells if isinstance(cells, list) else []) if cell is not None), None)
        self._note_type(typed)
        self.rows += counted.total()
        self.missing |= LOOK_MISSING & counted.keys()
        self.empty += sum(counted.pop(text, 0) for text in ("", *LOOK_MISSING))
        for text, count in counted.items():
            if text in self.values:
                self.values[text] += count
                self.rows_of_values += 0 if self.has_many else count
            else:
                self._note(text)
                if len(self.values) < MOST_VALUES:
                    self.values[text] = count
                    self.rows_of_values += count
                else:
                    self.has_many = True

    def _note_type(self, cell: Any) -> None:
        if isinstance(cell, date):
            self.is_time = True
            self.is_naive_time = not isinstance(cell, datetime) or cell.tzinfo is None

    def _note(self, text: str) -> None:
        """A value that may not have been there before."""
        self.longest = max(self.longest, len(text))
        self.is_plain = self.is_plain and text.isprintable()
        self.is_quoted = self.is_quoted and len(text) > 1 and text[0] == text[-1] == "'"
        self.is_flag = self.is_flag and label_text(text) in _FLAGS
        self.is_ip = self.is_ip and _is_ip(text)
        if self.has_offsets:
            self.has_offsets = _has_offset(text)
        if self.is_time:
            self.has_far_times = self.has_far_times or not "1970" <= text[:4] <= "2099"
        if self.formats:
            self.formats = [form for form in self.formats if is_of(form, text, first_year=1970)]
        if self.notations:
            self._note_number(text)

    def _note_number(self, text: str) -> None:
        if self.sign is None and (found := _SIGN.search(text)) and not _EXPONENT.search(text):
            self.sign, self.is_sign_before = found[1] or found[2], found[1] is not None
        numbers = {notation: plain_number(text, *notation, self.sign) for notation in self.notations}
        self.notations = [notation for notation, number in numbers.items() if number is not None]
        if not self.notations:
            return
        number = Exact(numbers[self.notations[0]] or 0)
        value = float(number)
        self.least, self.most = min(self.least, value), max(self.most, value)
        self.places = max(self.places, -int(number.as_tuple().exponent))
        self.has_zeros_before = self.has_zeros_before or bool(re.match(r"-?0[0-9]", text))


def _as_text(cell: Any) -> str:
    if cell is None or cell != cell:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()


def _is_ip(text: str) -> bool:
    try:
        return bool(canonical(text))
    except ValueError:
        return False


def _has_offset(text: str) -> bool:
    try:
        return msgspec.convert(text, datetime).tzinfo is not None
    except msgspec.ValidationError:
        return False
