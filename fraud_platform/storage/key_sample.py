"""The newest keys of a topic, by which its partitioner is told."""

from typing import NamedTuple

from fraud_platform.messages.partitioner import CRC32, MURMUR2, Partitioner, Verdict, partitioner_of
from fraud_platform.settings import Settings
from fraud_platform.storage.kafka import committed_reader
from fraud_platform.storage.kafka_offsets import newest_offsets, watermarks
from fraud_platform.storage.newest_messages import read_together

SAMPLED_MESSAGES = 4_000
"""Of all partitions together."""
LONGEST_KEY = 256
"""Bytes; a longer one is no identifier."""


class KeySpread(NamedTuple):
    """How a topic's producers choose partitions, see `partitioner_of`, and among how many."""

    partitioner: Verdict
    partitions: int
    sampled: int = 0
    """Messages."""
    without_key: int = 0
    """Of those; a producer spreads them at random."""


def key_spread(settings: Settings, topic: str) -> KeySpread:
    """As the topic's newest messages tell it; raises ServiceUnavailableError where it cannot be read."""
    keys: dict[bytes, int] = {}
    sampled = without_key = 0
    with committed_reader(settings) as consumer:
        offsets = watermarks(consumer, topic)
        each = -(-SAMPLED_MESSAGES // len(offsets))
        for message in read_together(consumer, topic, newest_offsets(offsets, each)):
            key, sampled = message.key(), sampled + 1
            without_key += not key
            if isinstance(key, bytes) and len(key) <= LONGEST_KEY:
                keys[key] = message.partition() or 0
    return KeySpread(partitioner_of(keys, len(offsets)), len(offsets), sampled, without_key)


def partitioner_to_use(settings: Settings) -> Partitioner:
    """The hash to write transactions with: the one that they are spread by, or the contract's where none is told.

    Two hashes in one topic would put a key's next message where its history is not.
    """
    return CRC32 if key_spread(settings, settings.kafka_topic).partitioner == CRC32 else MURMUR2
