"""Which dead letters would be accepted now, and mending the others."""

import msgspec
import pytest

from fraud_platform.errors import DeadLetterError
from fraud_platform.storage.dead_letters import Letter

NOW_MS = 1_790_000_000_000
GOOD = {
    "schema_version": 1,
    "transaction_id": "t1",
    "customer_id": "c1",
    "merchant_id": "m1",
    "event_time_ms": NOW_MS - 1000,
    "amount": 12.5,
}


def letter(key: bytes | None = b"c1", **changes: object) -> Letter:
    value = msgspec.json.encode(GOOD | changes)
    return Letter("0-17", key, value, "1-4", NOW_MS, "country", "is no country")


def test_a_letter_that_a_release_accepts_by_now_has_no_fault():
    assert letter().fault_at(NOW_MS) is None


def test_one_that_is_still_wrong_says_what():
    assert letter(country="de").fault_at(NOW_MS).startswith("country: ")


def test_one_that_is_too_old_by_now_says_so():
    assert "7 days" in letter().fault_at(NOW_MS + 8 * 86_400_000)


def test_mending_replaces_the_fields_and_leaves_the_others():
    mended = letter(country="de").mended({"country": "DE"})
    assert mended.fault_at(NOW_MS) is None
    assert msgspec.json.decode(mended.value) == GOOD | {"country": "DE"}


def test_without_changes_the_bytes_stay_as_received():
    spaced = letter()._replace(value=b" " + msgspec.json.encode(GOOD))
    assert spaced.mended({}) == spaced


@pytest.mark.parametrize("key", [None, b"", b"another"])
def test_the_key_becomes_the_customer(key):
    assert letter(key).fault_at(NOW_MS).startswith("key: ")
    assert letter(key).mended({}).fault_at(NOW_MS) is None


@pytest.mark.parametrize("value", [b"{", b"[1]", b"\xff", b"", None])
def test_what_is_no_object_cannot_be_mended(value):
    broken = letter()._replace(value=value)
    assert broken.mended({}) == broken
    with pytest.raises(DeadLetterError, match="0-17 is no JSON object"):
        broken.mended({"country": "DE"})
