"""Messages on the dead-letter topic that the scorer did not write: name → key, value and headers."""

from typing import NamedTuple

from fraud_platform_tests.support.hostile.broken import broken
from fraud_platform_tests.support.hostile.documents import EVENT_TIME_MS, TRANSACTION

Headers = list[tuple[str, bytes | None]]


class HostileLetter(NamedTuple):
    """A message, and whether its headers are those of a letter all the same: then its bytes alone are odd."""

    key: bytes | None
    value: bytes | None
    headers: Headers | None
    is_letter: bool


GOOD: dict[str, bytes | None] = {
    "source_topic": b"transactions",
    "source_partition": b"0",
    "source_offset": b"17",
    "source_timestamp_ms": str(EVENT_TIME_MS).encode(),
    "field": b"amount",
    "reason": b"is missing",
}
NUMBERS = ("source_partition", "source_offset", "source_timestamp_ms")
NO_NUMBERS: dict[str, bytes | None] = {
    "null": None,
    "empty": b"",
    "a blank": b" ",
    "a word": b"zero",
    "a fraction": b"1.5",
    "an exponent": b"1e3",
    "not a number": b"NaN",
    "hexadecimal": b"0x10",
    "below zero": b"-1",
    "beyond int64": b"9" * 20,
    "thousands of digits": b"9" * 5_000,
    "a digit of another script": "\u0661".encode(),
    "a superscript": "\u00b2".encode(),
    "a number with an underscore": b"1_0",
    "a number with a blank": b" 1 ",
    "a number with a zero byte": b"1\0",
    "not UTF-8": b"\xff\xfe",
    "markup": b"[/x]",
    "a terminal's escape": b"\x1b[2J",
    "a hundred kilobytes": b"1" * 100_000,
}
ODD_TEXTS: dict[str, bytes | None] = {
    "null": None,
    "empty": b"",
    "not UTF-8": b"\xff\xfe",
    "markup": b"[/x][bold red]",
    "a link": b"[link=file:///etc/passwd]see[/link]",
    "a terminal's escape": b"\x1b[2J\x1b]0;owned\x07",
    "a line break": b"is bad\r\nletter 0-1: fits",
    "a zero byte": b"\0",
    "text that runs backwards": "\u202eevil".encode(),
    "a hundred kilobytes": b"x" * 100_000,
    "half a surrogate pair": b"\xed\xa0\x80",
}


def _headers(**changes: bytes | None) -> Headers:
    return list((GOOD | changes).items())


def _letters() -> dict[str, HostileLetter]:
    key, value = TRANSACTION.key, TRANSACTION.value(amount=...)
    found = {
        "no headers": HostileLetter(key, value, None, False),
        "an empty list of headers": HostileLetter(key, value, [], False),
        "headers of another program": HostileLetter(key, value, [("traceparent", b"00-1-2-01")], False),
        "headers in upper case": HostileLetter(key, value, [(n.upper(), v) for n, v in GOOD.items()], False),
        "a thousand headers more": HostileLetter(key, value, _headers() + [("x", b"y")] * 1_000, True),
        "a header with an odd name": HostileLetter(key, value, [*_headers(), ("[/x]\x1b", b"y")], True),
        "another topic as source": HostileLetter(key, value, _headers(source_topic=b"orders"), True),
    }
    for name in GOOD:
        left = [(n, v) for n, v in _headers() if n != name]
        found[f"no {name}"] = HostileLetter(key, value, left, False)
        found[f"{name} twice"] = HostileLetter(key, value, [*_headers(), (name, b"second")], False)
    for name in NUMBERS:
        for kind, text in NO_NUMBERS.items():
            found[f"{name} is {kind}"] = HostileLetter(key, value, _headers(**{name: text}), False)
    for name in ("field", "reason", "source_topic"):
        for kind, text in ODD_TEXTS.items():
            found[f"{name} is {kind}"] = HostileLetter(key, value, _headers(**{name: text}), True)
    for name, spoiled in broken(TRANSACTION).items():
        found[f"a value that is {name}"] = HostileLetter(key, spoiled.value, _headers(), True)
    for name, odd in {"null": None, "empty": b"", "not UTF-8": b"\xff", "long": b"k" * 100_000}.items():
        found[f"a key that is {name}"] = HostileLetter(odd, value, _headers(), True)
    return found


LETTERS: dict[str, HostileLetter] = _letters()
