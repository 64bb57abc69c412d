"""A time as messages of a declaration write it: what moving a file in time changes in its rows."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from fraud_platform.core.declaration.fields.timestamp import Timestamp
from fraud_platform.errors import ConfigurationError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}


def with_time(document: dict[str, Any], field: Timestamp, at_ms: int) -> dict[str, Any]:
    """The message with another time.

    Raises ConfigurationError where the time lies in several members and the format does not say which of them has what.
    """
    texts = _written(field, at_ms)
    for path, text in zip(field.sources, texts, strict=True):
        *above, last = path
        inner = document
        for name in above:
            inner = inner.setdefault(name, {})
        inner[last] = text
    return document


def _written(field: Timestamp, at_ms: int) -> list[Any]:
    if field.unit is not None:
        since_ms = at_ms - field.epoch_ms
        return [since_ms // 3_600_000 if field.unit == "h" else since_ms * _PER_SECOND[field.unit] // 1_000]
    at = _EPOCH + timedelta(milliseconds=at_ms)
    if field.zone is not None:
        at = at.astimezone(ZoneInfo(field.zone))
    if field.format is None:
        return [at.isoformat(timespec="milliseconds")]
    text = at.strftime(field.format)
    if field.members is None:
        return [text]
    parts = text.split(" ")
    if len(parts) != len(field.members):
        raise ConfigurationError(
            f"{field.name} lies in {len(field.members)} columns, and its format has {len(parts)} parts: "
            "its rows cannot be moved in time"
        )
    return parts
