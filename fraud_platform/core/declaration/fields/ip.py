"""Internet addresses."""

import re
from collections.abc import Sequence
from ipaddress import IPv6Address, ip_address
from typing import Annotated, Any

from msgspec import Meta

from fraud_platform.core.declaration.fields.identity import Identity

LONGEST_ADDRESS = 45
"""Characters of an IPv6 address whose last 32 bits are written as IPv4."""
_BYTE = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_is_ipv4 = re.compile(rf"{_BYTE}(?:\.{_BYTE}){{3}}").fullmatch
"""Most addresses are; IPv4 has one way to be written."""


class Ip(Identity, tag="ip", frozen=True):
    """An IPv4 or IPv6 address."""

    role: None = None
    entity: bool = False
    """Features may be counted per address, over all keys."""

    @property
    def json_type(self) -> Any:
        return Annotated[str, Meta(min_length=2, max_length=LONGEST_ADDRESS)]

    def column(self, decoded: Sequence[Any]) -> Sequence[Any]:
        one_form = {text: canonical(text) for text in set(decoded)}
        return [one_form[text] for text in decoded]

    @property
    def message_schema(self) -> dict[str, Any]:
        return {"type": "string", "anyOf": [{"format": "ipv4"}, {"format": "ipv6"}]}


def canonical(text: str) -> str:
    """The one form of an address, so that equal addresses are equal text. Raises ValueError where it is none.

    An IPv4 address in IPv6, as servers of both protocols log it, is the IPv4 address. An address
    with a scope means something on one machine only, and is refused.

    >>> canonical("2001:DB8:0:0::1"), canonical("::ffff:192.0.2.1")
    ('2001:db8::1', '192.0.2.1')
    """
    if _is_ipv4(text):
        return text
    try:
        address = ip_address(text)
    except ValueError:
        raise ValueError("is no IPv4 or IPv6 address") from None
    if isinstance(address, IPv6Address) and address.scope_id is not None:
        raise ValueError("is an address with a scope (%)")
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(mapped or address)
