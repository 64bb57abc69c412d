"""Values of fields that are declared personal, masked for whoever looks at a message."""

import json
from typing import Any

from fraud_platform.core.declaration.fields.field import split_path
from fraud_platform.declared import DECLARATION, FEATURE_SET

SHOWN, SHORTEST = 4, 9
"""Last characters that are shown of a text with at least so many, as banks print a card's number."""
_ENVELOPE = split_path(DECLARATION.header.message.envelope or "")
_PATHS = [(*_ENVELOPE, *path) for field in FEATURE_SET.world if field.personal for path in field.sources]


def is_personal(field: str) -> bool:
    """Whether the declaration in force has a personal field of the name."""
    return any(one.name == field and one.personal for one in FEATURE_SET.world)


def masked(text: object) -> str:
    """Enough to tell a value from its neighbours, and not enough to use it.

    >>> masked("4111111111111111"), masked("Ada")
    ('…1111', '…')
    """
    whole = str(text)
    return f"…{whole[-SHOWN:]}" if len(whole) >= SHORTEST else "…"


def masked_key(key: str) -> str:
    """The key of a transaction, masked where it is personal."""
    return masked(key) if is_personal(FEATURE_SET.key) else key


def masked_message(value: bytes | None) -> bytes | None:
    """The message with masks in the place of personal values; nothing of one that cannot be read is shown."""
    if value is None or not _PATHS:
        return value
    try:
        document = json.loads(value)
    except (ValueError, RecursionError):
        return f"{len(value):,} bytes that cannot be read, and may hold what is personal".encode()
    for path in _PATHS:
        _mask(document, path)
    return json.dumps(document, ensure_ascii=False).encode(errors="replace")


def _mask(document: Any, path: tuple[str, ...]) -> None:
    *above, last = path
    for name in above:
        document = document.get(name) if isinstance(document, dict) else None
    if isinstance(document, dict) and document.get(last) is not None:
        document[last] = masked(document[last])
