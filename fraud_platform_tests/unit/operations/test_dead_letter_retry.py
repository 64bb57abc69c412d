"""Where a letter goes, and with which time."""

import pytest

from fraud_platform.errors import DeadLetterError
from fraud_platform.messages.partitioner import CRC32, MURMUR2, partition_of
from fraud_platform.operations.dead_letter_retry import _timestamp_ms, place_of
from fraud_platform.operations.dead_letters import Origin
from fraud_platform.storage.key_sample import KeySpread
from fraud_platform_tests.support.dead_letter import NOW_MS, letter

DAY_MS = 86_400_000
CUSTOMERS = [f"c{n}".encode() for n in range(50)]


@pytest.mark.parametrize("partitioner", [MURMUR2, CRC32])
@pytest.mark.parametrize("received", [None, b"another", "its own"])
def test_it_goes_where_the_topic_s_producers_put_its_customer(partitioner, received):
    for key in CUSTOMERS:
        came = letter(key if received == "its own" else received)
        place = place_of(came._replace(key=key), came, KeySpread(partitioner, 6))
        assert place == partition_of(key, 6, partitioner)


@pytest.mark.parametrize("partitioner", ["other", "unknown"])
def test_where_no_hash_is_told_it_goes_back_where_it_came_from(partitioner):
    came = letter(b"c1")
    assert place_of(came, came, KeySpread(partitioner, 2)) == 1


@pytest.mark.parametrize(
    ("key", "partitions"), [(None, 2), (b"another", 2), (b"c1", 1)], ids=["no key", "another's key", "no such place"]
)
def test_one_that_was_put_wrong_goes_where_the_contract_says(key, partitions):
    came = letter(key)
    place = place_of(came._replace(key=b"c1"), came, KeySpread("other", partitions))
    assert place == partition_of(b"c1", partitions)


def test_what_fits_now_is_sent_with_the_time_of_now():
    assert _timestamp_ms(letter(), NOW_MS + DAY_MS, original_time=True) == NOW_MS + DAY_MS


def test_an_old_event_is_sent_with_the_time_that_it_had_where_that_is_asked_for():
    later_ms = NOW_MS + 30 * DAY_MS
    assert _timestamp_ms(letter(), later_ms, original_time=True) == NOW_MS
    with pytest.raises(DeadLetterError, match=r"7 days before .* --original-time"):
        _timestamp_ms(letter(), later_ms, original_time=False)


@pytest.mark.parametrize("original_ms", [0, NOW_MS - 2 * DAY_MS, NOW_MS + 40 * DAY_MS, 10**17, -(10**17)])
def test_a_time_that_does_not_fit_the_event_is_no_way_out(original_ms):
    old = letter()._replace(origin=Origin(1, 4, original_ms))
    with pytest.raises(DeadLetterError, match="mend it with --set or --unset"):
        _timestamp_ms(old, NOW_MS + 30 * DAY_MS, original_time=True)


def test_another_fault_is_named_whatever_the_time():
    with pytest.raises(DeadLetterError, match=r"0-17 would be rejected again \(country: .*--set"):
        _timestamp_ms(letter(country="de"), NOW_MS, original_time=True)
