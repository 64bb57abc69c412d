"""Ids: of the transaction itself, of a card, a customer, a merchant, a device."""

from typing import Annotated, Literal

from msgspec import Meta

from fraud_platform.core.declaration.fields.identity import Identity


class Id(Identity, tag="id", frozen=True):
    """Text that names one thing among many."""

    role: Literal["transaction", "key"] | None = None
    entity: bool = False
    """Features may be counted per value of it, over all keys."""
    max_length: Annotated[int, Meta(ge=1, le=256)] = 64
    default: str | None = None
