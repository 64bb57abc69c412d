"""Decimals: money, and whatever else is exact to a number of places."""

import decimal
import re
import sys
from collections.abc import Iterator
from itertools import repeat
from typing import Annotated, Any

import pyarrow as pa
from msgspec import Meta

from fraud_platform.core.declaration.faults import Fault
from fraud_platform.core.declaration.fields.field import FieldName
from fraud_platform.core.declaration.fields.numeric import Numeric

Currency = Annotated[str, Meta(pattern="^[A-Z]{3}$", description="three capitals, such as EUR")]
DIGITS = 18
LARGEST_UNITS = 10**DIGITS
"""Values times 10**scale stay below this, so that they fit 64 bits."""
LONGEST_TEXT = 64
"""Characters of a number that is written as text."""
_NUMBER = r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?"
"""A number as JSON writes it. Python's own would take 1_000, blanks, NaN and the digits of other scripts, too."""
_is_number = re.compile(_NUMBER).fullmatch
_EXACT = decimal.Context(prec=40, traps=[decimal.Inexact, decimal.InvalidOperation, decimal.Overflow])
"""Raises instead of rounding: no value that fits has as many digits."""
_JSON_NAMES = {bool: "bool", type(None): "null", list: "array", dict: "object"}


class Decimal(Numeric, tag="decimal", frozen=True, kw_only=True):
    """A number with a fixed number of decimal places, so that sums of it are exact."""

    scale: Annotated[int, Meta(ge=0, le=8)]
    """Decimal places that count."""
    currency: Currency | None = None
    """The one that all amounts are in."""
    currency_field: FieldName | None = None
    """The field that says which one an amount is in."""

    @property
    def json_type(self) -> Any:
        return Any  # as float it would be rounded, as Decimal msgspec takes text that is no number

    def column(self, decoded: list[Any]) -> list[Any]:
        """Whole units of 10**-scale, exactly what the message says: what lies between two of them is refused."""
        if not {*map(type, decoded)} <= {int, decimal.Decimal}:
            decoded = [self._number(value) for value in decoded]
        if decoded:
            self._check_bounds(min(decoded), max(decoded))
        try:
            units = map(_EXACT.multiply, decoded, repeat(decimal.Decimal(10**self.scale)))
            return list(map(int, map(_EXACT.to_integral_exact, units)))
        except decimal.Inexact:
            raise ValueError(f"has more than {self.scale} decimal places") from None

    def _number(self, value: Any) -> int | decimal.Decimal:
        if isinstance(value, str):
            if len(value) > LONGEST_TEXT or not _is_number(value):
                raise ValueError("is text that is no number")
            return decimal.Decimal(value)
        if isinstance(value, bool) or not isinstance(value, int | decimal.Decimal):
            raise ValueError(f"expected `float`, got `{_JSON_NAMES.get(type(value), type(value).__name__)}`")
        return value

    def _check_bounds(self, least: int | decimal.Decimal, most: int | decimal.Decimal) -> None:
        """Before anything is computed: 1e999999 has a million digits as an integer."""
        if not -sys.float_info.max <= least <= most <= sys.float_info.max:
            raise ValueError("number out of range")
        if self.min is not None and least < exactly(self.min):
            raise ValueError(f"expected `float` >= {self.min!r}")
        if self.max is not None and most > exactly(self.max):
            raise ValueError(f"expected `float` <= {self.max!r}")
        limit = LARGEST_UNITS // 10**self.scale
        if not -limit < least <= most < limit:
            raise ValueError(f"does not fit {DIGITS} digits with {self.scale} decimal places")

    @property
    def default_in_column(self) -> int | None:
        return None if self.default is None else int(self.column([exactly(self.default)])[0])

    @property
    def arrow_type(self) -> pa.DataType:
        return pa.decimal128(DIGITS, self.scale)

    @property
    def message_schema(self) -> dict[str, Any]:
        bounds = {"minimum": self.min, "maximum": self.max}
        number = {"type": "number", **{name: bound for name, bound in bounds.items() if bound is not None}}
        text = {"type": "string", "pattern": f"^{_NUMBER}$", "maxLength": LONGEST_TEXT}
        return {"anyOf": [number, text], "description": f"at most {self.scale} decimal places"}

    @property
    def number_format(self) -> str:
        return f",.{self.scale}f"

    @property
    def measured_in(self) -> str:
        return self.unit or self.currency or super().measured_in

    def faults(self) -> Iterator[Fault]:
        yield from super().faults()
        for option, bound in (("min", self.min), ("max", self.max)):
            if bound is not None and abs(bound) * 10**self.scale >= LARGEST_UNITS:
                yield Fault(option, f"{bound:g} does not fit 18 digits with scale {self.scale}")
        if self.default is not None and self._is_within(self.default):
            try:
                self.column([exactly(self.default)])
            except ValueError as error:
                yield Fault("default", f"{self.default:g} {error}")
        if self.currency is not None and self.currency_field is not None:
            yield Fault("currency_field", "either all amounts are in one currency, or a field says which: not both")


def exactly(bound: float) -> decimal.Decimal:
    """The number that a declaration writes: 0.1 is a tenth, and not the double next to it."""
    return decimal.Decimal(repr(bound))
