"""Decimals: money, and whatever else is exact to a number of places."""

from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta

from fraud_platform.core.declaration.faults import Fault
from fraud_platform.core.declaration.fields.field import FieldName
from fraud_platform.core.declaration.fields.numeric import Numeric

Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}$(?!\n)", description="three capitals, such as EUR")]
LARGEST_UNITS = 10**18
"""Values times 10**scale stay below this, so that they fit 64 bits."""


class Decimal(Numeric, tag="decimal", frozen=True, kw_only=True):
    """A number with a fixed number of decimal places, so that sums of it are exact."""

    scale: Annotated[int, Meta(ge=0, le=8)]
    """Decimal places that count."""
    currency: Currency | None = None
    """The one that all amounts are in."""
    currency_field: FieldName | None = None
    """The field that says which one an amount is in."""
    prefix: Annotated[str, Meta(min_length=1, max_length=8)] | None = None
    """Text that stands before the number in a message, such as $."""

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
