"""What stands on a topic that the platform writes itself, and was not written by it."""

import logging

import msgspec
import pytest

from fraud_platform.messages import tolerant
from fraud_platform.messages.tolerant import MOST_NAMED, MOST_TEXT, TolerantReader, printable


class Record(msgspec.Struct):
    """A small record of the tests."""

    kind: str
    count: int = 0


@pytest.fixture(autouse=True)
def nothing_named_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tolerant, "_named", {})


def reader() -> TolerantReader[Record]:
    return TolerantReader("records", Record, lambda record: "count 7" if record.count == 7 else None, most=200_000)


BAD = {
    "a tombstone": None,
    "nothing": b"",
    "no JSON": b"{",
    "no object": b"[]",
    "null": b"null",
    "no field": b"{}",
    "a wrong type": b'{"kind":1}',
    "no UTF-8": b'{"kind":"\xff"}',
    "a lone surrogate": b'{"kind":"\\ud800"}',
    "a number out of range": b'{"kind":"a","count":' + b"9" * 5000 + b"}",
    "an infinite number": b'{"kind":"a","count":1e999}',
    "deep nesting in a field that nobody reads": b'{"kind":"a","x":' + b"[" * 90_000 + b"]" * 90_000 + b"}",
    "a megabyte": b'{"kind":"' + b"a" * 1_000_000 + b'"}',
    "a fault that fields do not tell of": b'{"kind":"a","count":7}',
}


@pytest.mark.parametrize("value", BAD.values(), ids=BAD.keys())
def test_what_is_no_record_is_skipped_and_counted_and_the_next_one_read(value, caplog):
    own = reader()
    assert own.decode(2, 5, value) is None
    assert own.decode(2, 6, b'{"kind":"a","of a newer release":[1]}') == Record("a")
    assert own.skipped == 1
    own.tell()
    assert "1 messages of records are no records and are skipped (partition/offset): 2/5: " in caplog.text


def test_a_crowd_of_them_is_one_short_line_once_a_process(caplog):
    with caplog.at_level(logging.WARNING):
        for _ in range(2):  # a sensor comes back
            own = reader()
            for offset in range(1000):
                own.decode(0, offset, b"x" * 100_000)
            own.tell()
            own.tell()
    assert own.skipped == 1000
    (line,) = caplog.messages
    assert line.startswith("1,000 messages of records") and line.endswith(f"; and {1000 - MOST_NAMED} more")
    assert len(line) < MOST_NAMED * (MOST_TEXT + 20) + 200


def test_text_of_a_message_is_repeated_on_one_line_and_cannot_command_a_terminal():
    assert printable("a\x1b[31m\r\nb\u202e\udcff") == r"a\x1b[31m\r\nb\u202e\udcff"
    assert printable("ä" * 1000, 10) == "ä" * 9 + "…"
