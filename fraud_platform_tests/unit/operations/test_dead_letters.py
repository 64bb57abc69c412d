"""What a letter says, and which would be accepted now; messages of somebody else's among them."""

import msgspec
import pytest

from fraud_platform.operations.dead_letters import FOREIGN, DeadLetter, Origin, _letter
from fraud_platform_tests.support.dead_letter import GOOD, NOW_MS, letter

HEADERS = [
    ("source_topic", b"transactions"),
    ("source_partition", b"1"),
    ("source_offset", b"4"),
    ("source_timestamp_ms", b"-5"),
    ("field", b"country"),
    ("reason", b"is no country"),
]


class OnKafka:
    """The part of confluent_kafka.Message that a letter is made of."""

    def __init__(self, headers: object, value: bytes | None = b"{") -> None:
        self._headers, self._value = headers, value

    def partition(self) -> int:
        return 0

    def offset(self) -> int:
        return 17

    def timestamp(self) -> tuple[int, int]:
        return 1, NOW_MS

    def key(self) -> bytes:
        return b"c1"

    def value(self) -> bytes | None:
        return self._value

    def headers(self) -> object:
        return self._headers


def test_a_letter_says_where_it_comes_from_and_why():
    assert _letter(OnKafka(HEADERS)) == DeadLetter(  # type: ignore[arg-type]
        "0-17", NOW_MS, b"c1", b"{", Origin(1, 4, -5), "country", "is no country"
    )


def without(name: str) -> list[tuple[str, bytes]]:
    return [header for header in HEADERS if header[0] != name]


@pytest.mark.parametrize(
    "headers",
    [
        None,
        [],
        [("a", b"b")],
        [("source_partition", None)],
        *(without(name) for name in ("source_partition", "source_offset", "source_timestamp_ms")),
        *(
            [*without("source_offset"), ("source_offset", wrong)]
            for wrong in (b"", b"x", b"-1", b"1_0", "٣".encode(), b"1" * 5_000, b"\xff", b" 4", b"4.0")
        ),
    ],
)
def test_a_message_of_somebody_else_s_is_told_as_such(headers):
    foreign = _letter(OnKafka(headers))  # type: ignore[arg-type]
    assert (foreign.origin, foreign.field, foreign.reason) == (None, "", FOREIGN)


def test_headers_that_are_no_text_are_shown_escaped():
    made = _letter(OnKafka([*HEADERS, ("reason", b"\xff\x1b")]))  # type: ignore[arg-type]
    assert made.reason == "\\xff\x1b"


def test_a_letter_that_a_release_accepts_by_now_has_no_fault():
    assert letter().fault_at(NOW_MS) is None


def test_one_that_is_still_wrong_says_what():
    assert str(letter(country="de").fault_at(NOW_MS)).startswith("country: ")


def test_one_that_is_too_old_by_now_says_so():
    assert "7 days" in str(letter().fault_at(NOW_MS + 8 * 86_400_000))


def test_a_letter_without_its_customer_s_key_says_so():
    assert str(letter()._replace(key=None).fault_at(NOW_MS)).startswith("key: ")
    assert msgspec.json.decode(letter().value or b"") == GOOD
