"""Internet addresses."""

from fraud_platform.core.declaration.fields.identity import Identity


class Ip(Identity, tag="ip", frozen=True):
    """An IPv4 or IPv6 address."""

    role: None = None
    entity: bool = False
    """Features may be counted per address, over all keys."""
