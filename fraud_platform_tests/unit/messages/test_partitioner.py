"""Where keys go: held against the Java client itself, and told from a sample."""

from collections.abc import Iterator

import numpy as np
import pytest
from confluent_kafka import Message
from py4j.java_gateway import JavaGateway

from fraud_platform.messages.partitioner import (
    CRC32,
    LIBRDKAFKA,
    MURMUR2,
    moves_customers,
    murmur2,
    partition_of,
    partitioner_of,
)
from fraud_platform.settings import Settings
from fraud_platform.storage.kafka import producer
from fraud_platform_tests.support.java_kafka_client import kafka_jvm

RNG = np.random.default_rng(8)
KEYS = [
    b"C00000001",
    "Müller-Łódź".encode(),
    "顧客-7".encode(),
    "👩‍👩‍👧".encode(),
    b"\x00",
    b"\xff\xfe\xfd",
    b"\x80" * 7,
    b"x" * 100_000,
    *(RNG.bytes(length) for length in range(1, 200)),
    *(f"C{n:08}".encode() for n in range(200)),
]
CUSTOMERS = [f"C{n:08}".encode() for n in range(400)]


@pytest.fixture(scope="module")
def java() -> Iterator[JavaGateway]:
    with kafka_jvm(Settings(_env_file=None)) as gateway:
        yield gateway


@pytest.mark.parametrize("partitions", [1, 2, 6, 97])
def test_keys_go_where_the_java_client_puts_them(java, partitions):
    of_java = java.jvm.org.apache.kafka.clients.producer.internals.BuiltInPartitioner.partitionForKey
    assert [partition_of(key, partitions) for key in KEYS] == [of_java(key, partitions) for key in KEYS]


def test_the_hash_of_an_empty_key_is_java_s_too(java):
    assert murmur2(b"") == java.jvm.org.apache.kafka.common.utils.Utils.murmur2(b"") & 0xFFFFFFFF


def delivered(keys: list[bytes | None], **overrides: object) -> list[int]:
    """Partitions that a producer of the platform chose, at librdkafka's own mock of a broker."""
    reports: list[Message] = []
    kafka = producer(Settings(_env_file=None), **{"test.mock.num.brokers": 1, **overrides})
    for key in keys:
        kafka.produce("any", b"", key, on_delivery=lambda error, message: reports.append(message))
    assert kafka.flush(30) == 0
    order = {key: partition for key, partition in ((m.key(), m.partition()) for m in reports)}
    return [order[key] for key in keys]


def test_the_platform_s_producers_hash_as_java_does():
    chosen = delivered([*KEYS, b""])
    partitions = 4  # librdkafka's default for a topic of its mock
    assert set(chosen) == set(range(partitions))
    assert chosen == [partition_of(key, partitions) for key in [*KEYS, b""]]


def test_a_message_without_a_key_may_go_anywhere():
    assert delivered([None])[0] in range(4)


@pytest.mark.parametrize("partitioner", [MURMUR2, CRC32])
def test_a_topic_s_partitioner_is_told_by_what_librdkafka_wrote_with_it(partitioner):
    chosen = delivered(CUSTOMERS, partitioner=LIBRDKAFKA[partitioner])
    assert partitioner_of(dict(zip(CUSTOMERS, chosen, strict=True)), 4) == partitioner


@pytest.mark.parametrize(
    ("sample", "partitions", "verdict"),
    [
        ({key: partition_of(key, 2) for key in CUSTOMERS[:29]}, 2, "unknown"),
        ({key: partition_of(key, 2) for key in CUSTOMERS[:30]}, 2, MURMUR2),
        ({key: 0 for key in CUSTOMERS}, 1, "unknown"),
        ({}, 6, "unknown"),
        ({b"": 0}, 6, "unknown"),
        ({key: int(RNG.integers(6)) for key in CUSTOMERS}, 6, "other"),
        ({key: partition_of(key, 4) for key in CUSTOMERS}, 6, "other"),
    ],
    ids=["too few keys", "enough", "one partition", "nothing", "no keys", "at random", "partitions were added"],
)
def test_a_sample_that_cannot_tell_is_no_verdict(sample, partitions, verdict):
    assert partitioner_of(sample, partitions) == verdict


def test_two_producers_that_disagree_are_neither_and_a_few_strays_change_nothing():
    def sample(murmur_share: float) -> dict[bytes, int]:
        cut = int(murmur_share * len(CUSTOMERS))
        return {key: partition_of(key, 6, MURMUR2 if n < cut else CRC32) for n, key in enumerate(CUSTOMERS)}

    assert partitioner_of(sample(0.5), 6) == "other"
    assert partitioner_of(sample(0.99), 6) == MURMUR2
    assert partitioner_of(sample(0.01), 6) == CRC32


@pytest.mark.parametrize("told", [MURMUR2, CRC32, "other", "unknown"])
@pytest.mark.parametrize("former", [MURMUR2, CRC32, "other", "unknown", None])
def test_customers_have_moved_only_where_one_hash_followed_the_other(former, told):
    assert moves_customers(former, told) == ({former, told} == {MURMUR2, CRC32})
