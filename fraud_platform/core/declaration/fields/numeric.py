"""What fields with numbers share."""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from fraud_platform.core.declaration.faults import Fault
from fraud_platform.core.declaration.fields.field import Field


class Numeric(Field, frozen=True):
    """A number within bounds."""

    NUMERIC: ClassVar[bool] = True

    role: Literal["amount"] | None = None
    min: float | None = None
    max: float | None = None
    unit: Annotated[str, Meta(min_length=1, max_length=40)] | None = None
    default: float | None = None

    @property
    def number_format(self) -> str:
        """How a reason writes a value."""
        return ",.4g"

    @property
    def measured_in(self) -> str:
        """Unit of its values and of their sums and means."""
        return self.unit or ("currency" if self.is_amount else "")

    def faults(self) -> Iterator[Fault]:
        yield from super().faults()
        if self.min is not None and self.max is not None and self.min > self.max:
            yield Fault("min", f"min {self.min:g} is above max {self.max:g}: exchange them")
        if self.default is not None and not self._is_within(self.default):
            yield Fault("default", f"{self.default:g} lies outside of min and max")

    def _is_within(self, value: float) -> bool:
        return (self.min is None or self.min <= value) and (self.max is None or value <= self.max)
