"""What the doctor says of how a topic's keys are spread."""

import pytest

from fraud_platform.local.topic_findings import keys_of
from fraud_platform.storage.key_sample import KeySpread


@pytest.mark.parametrize(
    ("partitioner", "ok", "words"),
    [
        ("murmur2", True, "spread over 6 partitions by murmur2, as Java's producers do"),
        ("unknown", True, "too few over 6 partitions to tell"),
        ("crc32", False, "Java's producers would not"),
        ("other", False, "by no hash that is known, or by several"),
    ],
)
def test_a_topic_of_another_hash_is_a_warning_with_a_way_out(partitioner, ok, words):
    (finding,) = keys_of("transactions", KeySpread(partitioner, 6, 4000))
    assert (finding.name, finding.ok) == ("keys of transactions", ok)
    assert words in finding.detail
    assert ok or ("docs/operations.md, Partitioner" in finding.fix and not finding.needed)


def test_messages_without_a_key_are_told_beside_the_hash_of_the_others():
    without, spread = keys_of("transactions", KeySpread("murmur2", 6, 4000, without_key=12))
    assert not without.ok and "12 of the newest 4,000 messages have none" in without.detail
    assert spread.ok
