"""Decimals: money, and whatever else is exact to a number of places."""

import decimal
import functools
import re
import sys
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import numpy as np
import pyarrow as pa
from msgspec import Meta
from numpy.typing import NDArray

from fraud_platform.core.declaration.faults import Fault
from fraud_platform.core.declaration.fields.field import FieldName
from fraud_platform.core.declaration.fields.numeric import Numeric

Currency = Annotated[str, Meta(pattern="^[A-Z]{3}$", description="three capitals, such as EUR")]
DIGITS = 18
LARGEST_UNITS = 10**DIGITS
"""Values times 10**scale stay below this, so that they fit 64 bits."""
LONGEST_TEXT = 64
"""Characters of a number that is written as text."""
SHORT_TEXT, DIGITS_OF_SHORT = 16, 15
"""Most characters of a number with a point or an exponent that has at most so many digits."""
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
        return Any  # a float would be rounded, and as Decimal msgspec takes text that is no number, at twice the cost

    def column(self, decoded: Sequence[Any]) -> Sequence[Any]:
        """Whole units of 10**-scale, exactly what the message says: what lies between two of them is refused."""
        if not {*map(type, decoded)} <= {bytes}:
            decoded = list(map(_as_written, decoded))
        units = self._units_of_short(decoded)
        return [self._units(decimal.Decimal(text.decode())) for text in decoded] if units is None else units

    def _units_of_short(self, written: Sequence[bytes]) -> list[int] | None:
        """The same by way of doubles, at a quarter of the cost; None where that may not be exact, or a value is wrong.

        Among numbers of up to 15 digits no two have the same double, but for those so small that
        it is zero. So the one that is found is the one that is written.
        """
        if not written or max(map(len, written)) > SHORT_TEXT:
            return None
        per_unit = 10.0**self.scale
        values = np.array(list(map(float, written)))
        with np.errstate(over="ignore"):  # what is infinite then is not within the bounds
            units = np.rint(values * per_unit)
        if not (units / per_unit == values).all() or not self._are_within(units):
            return None
        whole: list[int] = units.astype(np.int64).tolist()
        if 0 in whole and any(unit == 0 and text.strip(b"-0.") for text, unit in zip(written, whole, strict=True)):
            return None
        return whole

    def _are_within(self, units: NDArray[np.float64]) -> bool:
        low, high = float(units.min()), float(units.max())
        least, most = _bounds_of_short(self.min, self.max, self.scale)
        return least <= low and high <= most

    def _units(self, value: decimal.Decimal) -> int:
        self._check_bounds(value)
        try:
            return int(_EXACT.to_integral_exact(_EXACT.multiply(value, 10**self.scale)))
        except decimal.Inexact:
            raise ValueError(f"has more than {self.scale} decimal places") from None

    def _check_bounds(self, value: decimal.Decimal) -> None:
        """Before anything is computed: 1e999999 has a million digits as an integer."""
        if not -sys.float_info.max <= value <= sys.float_info.max:
            raise ValueError("number out of range")
        if self.min is not None and value < exactly(self.min):
            raise ValueError(f"expected `float` >= {self.min!r}")
        if self.max is not None and value > exactly(self.max):
            raise ValueError(f"expected `float` <= {self.max!r}")
        limit = LARGEST_UNITS // 10**self.scale
        if not -limit < value < limit:
            raise ValueError(f"does not fit {DIGITS} digits with {self.scale} decimal places")

    @property
    def default_in_column(self) -> int | None:
        return None if self.default is None else self._units(exactly(self.default))

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
                self._units(exactly(self.default))
            except ValueError as error:
                yield Fault("default", f"{self.default:g} {error}")
        if self.currency is not None and self.currency_field is not None:
            yield Fault("currency_field", "either all amounts are in one currency, or a field says which: not both")


def _as_written(value: Any) -> bytes:
    """Characters of a number, of which text may consist as well. Raises ValueError where it is none."""
    if isinstance(value, str):
        if len(value) > LONGEST_TEXT or not _is_number(value):
            raise ValueError("is text that is no number")
        return value.encode()
    if isinstance(value, bool) or not isinstance(value, int | bytes):
        raise ValueError(f"expected `float`, got `{_JSON_NAMES.get(type(value), type(value).__name__)}`")
    return value if isinstance(value, bytes) else b"%d" % value


@functools.cache
def _bounds_of_short(least: float | None, most: float | None, scale: int) -> tuple[decimal.Decimal, decimal.Decimal]:
    """Least and most units of numbers with up to 15 digits within these bounds."""
    limit = decimal.Decimal(10**DIGITS_OF_SHORT - 1)
    low, high = (limit if bound is None else exactly(bound).scaleb(scale) for bound in (least, most))
    return -limit if least is None else max(low, -limit), min(high, limit)


def exactly(bound: float) -> decimal.Decimal:
    """The number that a declaration writes: 0.1 is a tenth, and not the double next to it."""
    return decimal.Decimal(repr(bound))
