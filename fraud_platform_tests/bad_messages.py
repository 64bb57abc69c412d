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


def literally(field: str, text: bytes) -> bytes:
    """A good transaction with the bytes of one value replaced, for JSON that Python's writer does not write."""
    return valid(**{field: "@"}).replace(b'"@"', text)


def followed_by(more: bytes) -> bytes:
    """A good transaction with something more inside the object."""
    return valid()[:-1] + b", " + more + b"}"


BAD_MESSAGES: dict[str, tuple[bytes | None, bytes | None, str, str]] = {
    "tombstone": (KEY, None, "value", "is empty"),
    "empty": (KEY, b"", "value", "is empty"),
    "not JSON": (KEY, b"hello", "value", "is not JSON"),
    "not UTF-8": (KEY, b"\xff\xfe", "value", "is not JSON"),
    "truncated": (KEY, valid()[:-5], "value", "is not JSON"),
    "trailing bytes": (KEY, valid() + b" x", "value", "is not JSON"),
    "deeply nested": (KEY, b"[" * 100_000, "value", "nested too deeply"),
    "a list": (KEY, b"[1]", "value", "is not a JSON object"),
    "a number": (KEY, b"1", "value", "is not a JSON object"),
    "unknown version": (KEY, valid(schema_version=2), "schema_version", "unknown version 2"),
    "version as text": (KEY, valid(schema_version="1"), "schema_version", 'unknown version "1"'),
    "version true": (KEY, valid(schema_version=True), "schema_version", "unknown version true"),
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
    "blank": (KEY, b" \n\t ", "value", "is not JSON"),
    "null": (KEY, b"null", "value", "is not a JSON object"),
    "text": (KEY, b'"transaction"', "value", "is not a JSON object"),
    "an empty object": (KEY, b"{}", "schema_version", "is missing"),
    "two documents": (KEY, valid() + b"\n" + valid(), "value", "is not JSON"),
    "a trailing comma": (KEY, valid()[:-1] + b",}", "value", "is not JSON"),
    "single quotes": (KEY, valid().replace(b'"', b"'"), "value", "is not JSON"),
    "a byte order mark": (KEY, b"\xef\xbb\xbf" + valid(), "value", "is not JSON"),
    "UTF-16": (KEY, valid().decode().encode("utf-16"), "value", "is not JSON"),
    "Latin-1": (KEY, literally("merchant_id", b'"caf\xe9"'), "value", "is not JSON"),
    "overlong UTF-8": (KEY, literally("merchant_id", b'"\xc0\x80"'), "value", "is not JSON"),
    "half a surrogate pair": (KEY, literally("merchant_id", rb'"\ud800"'), "value", "is not JSON"),
    "half a surrogate pair as version": (KEY, literally("schema_version", rb'"\ud800"'), "schema_version", "unknown"),
    "half a surrogate pair as name": (KEY, followed_by(rb'"\ud800": NaN'), r"\ud800", "is not a finite number"),
    "a pickle": (KEY, b"\x80\x04N.", "value", "is not JSON"),
    "Avro": (KEY, b"\x00\x00\x00\x00\x01\x04T1", "value", "is not JSON"),
    "gzip": (KEY, b"\x1f\x8b\x08\x00", "value", "is not JSON"),
    "zero bytes": (KEY, bytes(1000), "value", "is not JSON"),
    "a raw control character": (KEY, literally("merchant_id", b'"M\n1"'), "value", "is not JSON"),
    "an escaped control character": (KEY, valid(merchant_id="M\x001"), "merchant_id", "do not print"),
    "a line break in an id": (KEY, valid(transaction_id="T\n1"), "transaction_id", "do not print"),
    "text that runs backwards": (KEY, valid(device_id="D\u202e1"), "device_id", "do not print"),
    "a field twice": (KEY, followed_by(b'"amount": 1'), "amount", "is given twice"),
    "a field twice, once escaped": (KEY, followed_by(rb'"\u0061mount": 1'), "amount", "is given twice"),
    "nested beyond the parser": (KEY, followed_by(b'"x": ' + b"[" * 5000 + b"]" * 5000), "value", "nested too deeply"),
    "nested version": (KEY, valid(schema_version=[[1]]), "schema_version", "unknown version [[1]]"),
    "fractional version": (KEY, valid(schema_version=1.0), "schema_version", "expected `int`, got `float`"),
    "field names in upper case": (KEY, valid().replace(b"amount", b"AMOUNT"), "amount", "is missing"),
    "a list as amount": (KEY, valid(amount=[12.5]), "amount", "expected `float`, got `array`"),
    "an object as customer_id": (KEY, valid(customer_id={}), "customer_id", "expected `str`, got `object`"),
    "hexadecimal amount": (KEY, literally("amount", b"0x10"), "value", "is not JSON"),
    "amount with a leading zero": (KEY, literally("amount", b"012.5"), "value", "is not JSON"),
    "amount beyond all numbers": (KEY, literally("amount", b"9" * 400), "amount", "out of range"),
    "minus infinite latitude": (KEY, valid(latitude=float("-inf")), "latitude", "is not a finite number"),
    "time beyond int64": (KEY, literally("event_time_ms", b"9" * 20), "event_time_ms", "<= 4102444800000"),
    "time of thousands of digits": (KEY, literally("event_time_ms", b"9" * 5000), "value", "is not JSON"),
    "negative time": (KEY, valid(event_time_ms=-1), "event_time_ms", ">= 946684800000"),
    "time true": (KEY, valid(event_time_ms=True), "event_time_ms", "expected `int`, got `bool`"),
    "long transaction_id": (KEY, valid(transaction_id="x" * 65), "transaction_id", "length <= 64"),
    "a huge message": (KEY, valid(transaction_id="x" * 400_000), "transaction_id", "length <= 64"),
    "empty device_id": (KEY, valid(device_id=""), "device_id", "length >= 1"),
    "country with a line break": (KEY, valid(country="FR\n"), "country", "matching regex"),
    "longitude beyond the date line": (KEY, valid(longitude=-180.5), "longitude", ">= -180.0"),
    "latitude as text": (KEY, valid(latitude="48.85"), "latitude", "got `str`"),
}
