"""Internet addresses."""

from typing import ClassVar

from fraud_platform.core.declaration.fields.field import Field


class Ip(Field, tag="ip", frozen=True):
    """An IPv4 or IPv6 address."""

    IDENTITY: ClassVar[bool] = True

    role: None = None
    entity: bool = False
    """Features may be counted per address, over all keys."""
