"""Ids: of the transaction itself, of a card, a customer, a merchant, a device."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from msgspec import Meta

from fraud_platform.core.declaration.faults import Fault
from fraud_platform.core.declaration.fields.identity import LONGEST_TEXT, Identity


class Id(Identity, tag="id", frozen=True):
    """Text that names one thing among many. A number is rejected: 007 and 7 are different ids, and the same number."""

    role: Literal["transaction", "key"] | None = None
    entity: bool = False
    """Features may be counted per value of it, over all keys."""
    max_length: Annotated[int, Meta(ge=1, le=LONGEST_TEXT)] = 64
    default: str | None = None

    @property
    def json_type(self) -> Any:
        return Annotated[str, Meta(min_length=1, max_length=self.max_length)]

    @property
    def is_free_text(self) -> bool:
        return True

    def faults(self) -> Iterator[Fault]:
        yield from super().faults()
        if self.default is not None and not 1 <= len(self.default) <= self.max_length:
            wanted = f"max_length is {self.max_length}" if self.default else "leave it out, or give it some"
            yield Fault("default", f"default has {len(self.default)} characters: {wanted}")
