"""Messages that must be rejected: name → (key, value, field, part of the reason)."""

import json
from typing import Any

EVENT_TIME_MS = 1_780_000_000_000
KEY = b"C1"


def valid(**changes: Any) -> bytes:
    """JSON of a good transaction with fields changed, or left out where the value is `...`."""
    document = {
        "schema_version": 1,
        "transaction_id": "T1",
        "customer_id": "C1",
        "merchant_id": "M1",
        "event_time_ms": EVENT_TIME_MS,
        "amount": 12.5,
        "device_id": "D1",
        "channel": "chip",
        "country": "FR",
        "latitude": 48.85,
        "longitude": 2.35,
    } | changes
    return json.dumps({k: v for k, v in document.items() if v is not ...}).encode()


BAD_MESSAGES: dict[str, tuple[bytes | None, bytes | None, str, str]] = {
    "tombstone": (KEY, None, "value", "is empty"),
    "empty": (KEY, b"", "value", "is empty"),
    "not JSON": (KEY, b"hello", "value", "is not JSON"),
    "not UTF-8": (KEY, b"\xff\xfe", "value", "is not JSON"),
    "truncated": (KEY, valid()[:-5], "value", "is not JSON"),
    "trailing bytes": (KEY, valid() + b" x", "value", "is not JSON"),
    "deeply nested": (KEY, b"[" * 100_000, "value", "is not JSON"),
    "a list": (KEY, b"[1]", "value", "is not a JSON object"),
    "a number": (KEY, b"1", "value", "is not a JSON object"),
    "unknown version": (KEY, valid(schema_version=2), "schema_version", "unknown version 2"),
    "version as text": (KEY, valid(schema_version="1"), "schema_version", "unknown version 1"),
    "version true": (KEY, valid(schema_version=True), "schema_version", "unknown version True"),
    "no version": (KEY, valid(schema_version=...), "schema_version", "is missing"),
    "no transaction_id": (KEY, valid(transaction_id=...), "transaction_id", "is missing"),
    "no customer_id": (KEY, valid(customer_id=...), "customer_id", "is missing"),
    "no merchant_id": (KEY, valid(merchant_id=...), "merchant_id", "is missing"),
    "no event_time_ms": (KEY, valid(event_time_ms=...), "event_time_ms", "is missing"),
    "no amount": (KEY, valid(amount=...), "amount", "is missing"),
    "null amount": (KEY, valid(amount=None), "amount", "expected `float`, got `null`"),
    "amount as text": (KEY, valid(amount="12.5"), "amount", "expected `float`, got `str`"),
    "amount true": (KEY, valid(amount=True), "amount", "expected `float`, got `bool`"),
    "negative amount": (KEY, valid(amount=-0.01), "amount", ">= 0.0"),
    "huge amount": (KEY, valid(amount=1e9), "amount", "<= 10000000.0"),
    "NaN amount": (KEY, valid(amount=float("nan")), "amount", "is not a finite number"),
    "infinite amount": (KEY, valid(amount=float("inf")), "amount", "is not a finite number"),
    "amount beyond float64": (KEY, valid().replace(b"12.5", b"1e400"), "amount", "is not a finite number"),
    "time as text": (KEY, valid(event_time_ms="2026-01-01"), "event_time_ms", "expected `int`, got `str`"),
    "time in seconds": (KEY, valid(event_time_ms=EVENT_TIME_MS // 1000), "event_time_ms", ">= 946684800000"),
    "fractional time": (KEY, valid(event_time_ms=EVENT_TIME_MS + 0.5), "event_time_ms", "expected `int`, got `float`"),
    "far future": (KEY, valid(event_time_ms=EVENT_TIME_MS + 300_001), "event_time_ms", "after the message"),
    "far past": (KEY, valid(event_time_ms=EVENT_TIME_MS - 8 * 86_400_000), "event_time_ms", "before the message"),
    "empty customer_id": (b"", valid(customer_id=""), "customer_id", "length >= 1"),
    "long customer_id": (b"x" * 65, valid(customer_id="x" * 65), "customer_id", "length <= 64"),
    "customer_id as number": (KEY, valid(customer_id=1), "customer_id", "expected `str`, got `int`"),
    "unknown channel": (KEY, valid(channel="carrier pigeon"), "channel", "invalid enum value"),
    "country in lower case": (KEY, valid(country="fr"), "country", "matching regex"),
    "latitude beyond the pole": (KEY, valid(latitude=90.5), "latitude", "<= 90.0"),
    "NaN longitude": (KEY, valid(longitude=float("nan")), "longitude", "is not a finite number"),
    "no key": (None, valid(), "key", "is not the customer_id"),
    "another key": (b"C2", valid(), "key", "is not the customer_id"),
}
