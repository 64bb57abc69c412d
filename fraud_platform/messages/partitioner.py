"""Which partition a key belongs to: Java's default hash, which is the contract, and the one of former releases.

A customer's order and state live in one partition, so every producer of a topic has to
hash its keys alike. Messages without a key, and what producers put where by hand, are
nobody's customers and say nothing here.
"""

import math
import zlib
from collections.abc import Callable, Mapping
from typing import Final, Literal

Partitioner = Literal["murmur2", "crc32"]
MURMUR2: Final = "murmur2"
CRC32: Final = "crc32"
PARTITIONERS: tuple[Partitioner, ...] = (MURMUR2, CRC32)
LIBRDKAFKA: Mapping[Partitioner, str] = {MURMUR2: "murmur2_random", CRC32: "consistent_random"}
"""librdkafka's names. https://github.com/confluentinc/librdkafka/blob/master/CONFIGURATION.md"""

Verdict = Literal["murmur2", "crc32", "other", "unknown"]
AGREEING_SHARE = 0.95
"""Of the keys in a sample; a few may have been put elsewhere by hand."""
CHANCE = 1e-9
"""A sample counts once keys spread at random would all agree with a hash this rarely."""

_M = 0x5BD1E995
_SEED = 0x9747B28C
_MASK = 0xFFFFFFFF


def murmur2(key: bytes) -> int:
    """The 32-bit MurmurHash2 of a key, unsigned, as org.apache.kafka.common.utils.Utils.murmur2 has it."""
    whole = len(key) & ~3
    h = _SEED ^ len(key)
    for at in range(0, whole, 4):
        k = int.from_bytes(key[at : at + 4], "little") * _M & _MASK
        k = (k ^ k >> 24) * _M & _MASK
        h = (h * _M & _MASK) ^ k
    if rest := key[whole:]:
        h = (h ^ int.from_bytes(rest, "little")) * _M & _MASK
    h = (h ^ h >> 13) * _M & _MASK
    return h ^ h >> 15


_HASHES: Mapping[Partitioner, Callable[[bytes], int]] = {
    MURMUR2: lambda key: murmur2(key) & 0x7FFFFFFF,
    CRC32: zlib.crc32,
}


def partition_of(key: bytes, partitions: int, partitioner: Partitioner = MURMUR2) -> int:
    """Where a producer with that partitioner puts a key that is not empty."""
    return _HASHES[partitioner](key) % partitions


def partitioner_of(sample: Mapping[bytes, int], partitions: int) -> Verdict:
    """The hash by which a topic's producers spread the sampled keys over its partitions.

    sample: key → partition. "unknown" where the sample cannot tell, as that of a topic
    with one partition or a handful of keys; "other" where it can, and neither hash puts
    AGREEING_SHARE of the keys where they are: a third hash, or producers that disagree.
    """
    keys = {key: partition for key, partition in sample.items() if key}
    if len(keys) * math.log(partitions) < -math.log(CHANCE):
        return "unknown"
    for partitioner in PARTITIONERS:
        agreeing = sum(partition_of(key, partitions, partitioner) == p for key, p in keys.items())
        if agreeing >= AGREEING_SHARE * len(keys):
            return partitioner
    return "other"


def moves_customers(former: Verdict | None, told: Verdict) -> bool:
    """Whether state that was written under one verdict lies in other partitions than the messages to come.

    Only two hashes that are both told differ: too small a sample, or one of producers that
    disagree, is no reason to leave a checkpoint. former: None where none was written down.
    """
    return former in PARTITIONERS and told in PARTITIONERS and former != told
