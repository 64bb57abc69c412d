"""Decimals: money, and whatever else is exact to a number of places."""

import decimal
import functools
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Annotated, Any, ClassVar

import numpy as np
import pyarrow as pa
from msgspec import Meta
from numpy.typing import NDArray

from fraud_platform.core.arrays import Floats
from fraud_platform.core.declaration.faults import Fault
from fraud_platform.core.declaration.fields.field import FieldName
from fraud_platform.core.declaration.fields.number_text import (
    as_written,
    check_magnitude,
    exactly,
    text_schema,
    without_noise,
)
from fraud_platform.core.declaration.fields.numeric import Numeric

Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}$(?!\n)", description="three capitals, such as EUR")]
DIGITS = 18
LARGEST_UNITS = 10**DIGITS
"""Values times 10**scale stay below this, so that they fit 64 bits."""
UNKNOWN = int(np.iinfo(np.int64).min)
SHORT_TEXT, DIGITS_OF_SHORT = 16, 15
"""Most characters of a number with a point or an exponent that has at most so many digits."""
_EXACT = decimal.Context(prec=40, traps=[decimal.Inexact, decimal.InvalidOperation, decimal.Overflow])
"""Raises instead of rounding: no value that fits has as many digits."""


class Decimal(Numeric, tag="decimal", frozen=True, kw_only=True):
    """A number with a fixed number of decimal places, so that sums of it are exact."""

    EXACT: ClassVar[bool] = True
    EVENT_TYPE: ClassVar[str] = "<i8"

    scale: Annotated[int, Meta(ge=0, le=8)]
    """Decimal places that count."""
    currency: Currency | None = None
    """The one that all amounts are in."""
    currency_field: FieldName | None = None
    """The field that says which one an amount is in."""
    prefix: Annotated[str, Meta(min_length=1, max_length=8)] | None = None
    """Text that stands before the number in a message, such as $."""

    def encoded(self, values: Any) -> NDArray[np.int64]:
        """Values times 10**scale, rounded to integers, so that sums are exact; UNKNOWN where there is none."""
        numbers = np.asarray(values, np.float64)
        known = np.isfinite(numbers)
        units = np.rint(np.where(known, numbers, 0.0) * 10**self.scale).astype(np.int64)
        units[~known] = UNKNOWN
        return units

    def encoded_column(self, column: Sequence[Any]) -> NDArray[np.int64]:
        if None in column:
            column = [UNKNOWN if units is None else units for units in column]
        return np.asarray(column, np.int64)

    def is_known(self, encoded: NDArray[Any]) -> NDArray[np.bool_]:
        return encoded != UNKNOWN

    def as_floats(self, encoded: NDArray[Any]) -> Floats:
        return np.where(encoded == UNKNOWN, np.nan, encoded / 10**self.scale)

    def as_encoded(self, value: bool | float | str) -> Fraction:
        return Fraction(exactly(value)) * 10**self.scale

    @property
    def units_per_one(self) -> int:
        return 10**self.scale

    @property
    def largest_units(self) -> int:
        bounds = [LARGEST_UNITS if bound is None else abs(bound) * 10**self.scale for bound in (self.min, self.max)]
        return int(max(bounds)) + 1

    @property
    def json_type(self) -> Any:
        return Any  # a float would be rounded, and as Decimal msgspec takes text that is no number, at twice the cost

    def column(self, decoded: Sequence[Any]) -> Sequence[Any]:
        """Whole units of 10**-scale, exactly what the message says: what lies between two of them is refused.

        What a double makes of a sum, such as 0.30000000000000004 of 0.1 + 0.2, lies between none: see number_text.
        """
        if not {*map(type, decoded)} <= {bytes}:
            decoded = [as_written(value, self.prefix or "") for value in decoded]
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
            units = without_noise(value, self.scale)
            if units is not None:
                return units
            raise ValueError(f"has more than {self.scale} decimal places") from None

    def _check_bounds(self, value: decimal.Decimal) -> None:
        """Before anything is computed: 1e999999 has a million digits as an integer."""
        check_magnitude(value)
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
        is_exact_as_double = self.largest_units <= 10**DIGITS_OF_SHORT
        return pa.float64() if is_exact_as_double else pa.decimal128(DIGITS, self.scale)

    @property
    def message_schema(self) -> dict[str, Any]:
        bounds = {"minimum": self.min, "maximum": self.max}
        number = {"type": "number", **{name: bound for name, bound in bounds.items() if bound is not None}}
        return {
            "anyOf": [number, text_schema(self.prefix or "")],
            "description": f"at most {self.scale} decimal places",
        }

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
                yield Fault(option, f"{bound:g} does not fit {DIGITS} digits with scale {self.scale}")
        if self.default is not None and self._is_within(self.default):
            try:
                self._units(exactly(self.default))
            except ValueError as error:
                yield Fault("default", f"{self.default:g} {error}")
        if self.currency is not None and self.currency_field is not None:
            yield Fault("currency_field", "either all amounts are in one currency, or a field says which: not both")


@functools.cache
def _bounds_of_short(least: float | None, most: float | None, scale: int) -> tuple[decimal.Decimal, decimal.Decimal]:
    """Least and most units of numbers with up to 15 digits within these bounds."""
    limit = decimal.Decimal(10**DIGITS_OF_SHORT - 1)
    low, high = (limit if bound is None else exactly(bound).scaleb(scale) for bound in (least, most))
    return -limit if least is None else max(low, -limit), min(high, limit)
