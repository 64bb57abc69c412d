"""A transaction of the simulated world read with Python's own parser: slow and obvious, to hold the decoder against."""

import json
import re
from decimal import Decimal, DecimalException
from typing import Any, NamedTuple

DAY_MS = 86_400_000
MOST_LEVELS = 64
CHANNELS = ("chip", "contactless", "online", "atm")
CONTROLS = frozenset(
    map(chr, (*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A)))
)
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")


class Number(NamedTuple):
    """As the message writes it."""

    text: str


class UnsoundError(ValueError):
    """The message is no transaction."""


def read_transaction(key: bytes | None, value: bytes | None, time_ms: int) -> dict[str, Any] | None:
    """The fields, the amount in cents; None where the message is no transaction."""
    try:
        fields = _fields(_document(value or b""))
    except (ValueError, DecimalException, RecursionError):
        return None
    age_ms = time_ms - fields["event_time_ms"]
    is_in_time = -300_000 <= age_ms <= 7 * DAY_MS
    return fields if is_in_time and key == fields["customer_id"].encode() else None


def _document(value: bytes) -> Any:
    document = json.loads(
        value.decode(), object_pairs_hook=_once, parse_int=Number, parse_float=Number, parse_constant=_refused
    )
    json.dumps(document, ensure_ascii=False).encode()  # half a surrogate pair is no text
    if _levels(document) > MOST_LEVELS or not isinstance(document, dict):
        raise UnsoundError
    return document


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise UnsoundError
    return dict(pairs)


def _refused(constant: str) -> Any:
    raise UnsoundError(constant)


def _levels(document: Any) -> int:
    if isinstance(document, Number) or not isinstance(document, list | dict):
        return 0
    return 1 + max(map(_levels, document.values() if isinstance(document, dict) else document), default=0)


def _fields(document: dict[str, Any]) -> dict[str, Any]:
    if _whole(document.get("schema_version")) != 1:
        raise UnsoundError
    optional = {"device_id": _id, "channel": _channel, "country": _country, "latitude": _degrees, "longitude": _degrees}
    fields = {name: _id(document.get(name)) for name in ("transaction_id", "customer_id", "merchant_id")}
    fields |= {"event_time_ms": _time(document.get("event_time_ms")), "amount": _cents(document.get("amount"))}
    for name, read in optional.items():
        fields[name] = None if document.get(name) is None else read(document[name])
    if not (abs(fields["latitude"] or 0) <= 90 and abs(fields["longitude"] or 0) <= 180):
        raise UnsoundError
    return fields


def _id(value: Any) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= 64 or any(character in CONTROLS for character in value):
        raise UnsoundError
    return value


def _channel(value: Any) -> str:
    if value not in CHANNELS:
        raise UnsoundError
    return value


def _country(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch("[A-Z]{2}", value):
        raise UnsoundError
    return value


def _degrees(value: Any) -> float:
    if not isinstance(value, Number):
        raise UnsoundError
    return float(value.text)


def _whole(value: Any) -> int:
    if not isinstance(value, Number) or not re.fullmatch("-?[0-9]+", value.text):
        raise UnsoundError
    return int(value.text)


def _time(value: Any) -> int:
    if not 946_684_800_000 <= _whole(value) <= 4_102_444_800_000:
        raise UnsoundError
    return _whole(value)


def _cents(value: Any) -> int:
    is_text = isinstance(value, str) and len(value) <= 64 and _NUMBER.fullmatch(value)
    if not is_text and not isinstance(value, Number):
        raise UnsoundError
    amount = Decimal(value if isinstance(value, str) else value.text)
    if not 0 <= amount <= 10_000_000 or amount != amount.quantize(Decimal("0.01")):
        raise UnsoundError
    return int(amount.quantize(Decimal("0.01")).scaleb(2))
