"""Decimals: money, and whatever else is exact to a number of places."""

import decimal
from collections.abc import Iterator
from fractions import Fraction
from typing import Annotated, Any, ClassVar

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from fraud_platform.core.arrays import Floats
from fraud_platform.core.declaration.faults import Fault
from fraud_platform.core.declaration.fields.field import FieldName
from fraud_platform.core.declaration.fields.numeric import Numeric

Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}$(?!\n)", description="three capitals, such as EUR")]
LARGEST_UNITS = 10**18
"""Values times 10**scale stay below this, so that they fit 64 bits."""
UNKNOWN = int(np.iinfo(np.int64).min)


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

    def is_known(self, encoded: NDArray[Any]) -> NDArray[np.bool_]:
        return encoded != UNKNOWN

    def as_floats(self, encoded: NDArray[Any]) -> Floats:
        return np.where(encoded == UNKNOWN, np.nan, encoded / 10**self.scale)

    def as_encoded(self, value: bool | float | str) -> Fraction:
        # By its shortest text: 0.29 * 100 is less than 29.
        return Fraction(decimal.Decimal(repr(value))) * 10**self.scale

    @property
    def largest_units(self) -> int:
        """No value times 10**scale lies further from 0."""
        bounds = [LARGEST_UNITS if bound is None else abs(bound) * 10**self.scale for bound in (self.min, self.max)]
        return int(max(bounds)) + 1

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
        if self.currency is not None and self.currency_field is not None:
            yield Fault("currency_field", "either all amounts are in one currency, or a field says which: not both")
