"""Kafka: client configuration, topics and offset ranges. Nothing here knows what a message means."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar

from confluent_kafka import OFFSET_END, Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from fraud_platform.errors import ServiceUnavailableError
from fraud_platform.settings import Settings
from fraud_platform.storage.kafka_errors import FINAL, kafka_failure, topic_failure
from fraud_platform.storage.kafka_security import java_security, librdkafka_security

REQUEST_TIMEOUT_SECONDS = 15
RETENTION_MS = 400 * 24 * 3600 * 1000
"""Simulated history carries old timestamps, and backfills reach back a year."""

_WITHOUT_LEADER = (KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.LEADER_NOT_AVAILABLE)
T = TypeVar("T")

OffsetRange = dict[int, tuple[int, int]]
"""Kafka partition → (first offset, first offset after the range)."""


def client_config(settings: Settings, **overrides: Any) -> dict[str, Any]:
    """Configuration shared by all confluent-kafka clients of the platform."""
    return {
        "bootstrap.servers": settings.kafka_broker,
        "log_level": 2,  # its own lines on a broker that is away would drown the one clear line
        "socket.connection.setup.timeout.ms": 5000,
        **librdkafka_security(settings),
        **overrides,
    }


def spark_options(settings: Settings) -> dict[str, str]:
    """The same for Spark's Kafka source, which then sees committed messages only."""
    options = {
        "bootstrap.servers": settings.kafka_broker,
        "isolation.level": "read_committed",
        **java_security(settings),
    }
    return {f"kafka.{name}": value for name, value in options.items()}


@contextmanager
def clear_errors(settings: Settings, action: str) -> Iterator[None]:
    """Turns Kafka's errors into ServiceUnavailableError or AccessDeniedError; action as in 'read transactions'."""
    try:
        yield
    except KafkaException as error:
        raise kafka_failure(settings, error.args[0], action) from None


def admin_client(settings: Settings, timeout_seconds: float = REQUEST_TIMEOUT_SECONDS) -> AdminClient:
    """An admin client of a broker that answers.

    Raises ServiceUnavailableError where it does not, AccessDeniedError where it refuses the login.
    """
    heard: list[KafkaError] = []
    admin = AdminClient(client_config(settings, error_cb=heard.append))
    deadline = time.monotonic() + timeout_seconds
    while True:
        try:
            admin.list_topics(timeout=1)
            return admin
        except KafkaException as error:
            admin.poll(0)  # hands over why the connections failed, which the request does not know
            final = next((e for e in heard if e.code() in FINAL), None)
            if final or time.monotonic() > deadline:
                raise kafka_failure(settings, final or error.args[0], "list the topics") from None


def create_topics(settings: Settings) -> list[str]:
    """Create the missing topics of the platform; returns their names. Safe to call again.

    Needs no right to create where an administrator has done so.
    """
    admin = admin_client(settings)
    present = admin.list_topics(timeout=REQUEST_TIMEOUT_SECONDS).topics
    # The ledger is read in order, so it has one partition.
    new = [
        NewTopic(
            name,
            num_partitions=1 if name == settings.kafka_events_topic else settings.kafka_partitions,
            config={"retention.ms": str(RETENTION_MS)},
        )
        for name in settings.topics
        if name not in present
    ]
    created = []
    futures = admin.create_topics(new, request_timeout=REQUEST_TIMEOUT_SECONDS) if new else {}
    for name, future in futures.items():
        try:
            future.result()
            created.append(name)
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise kafka_failure(settings, error.args[0], f"create {name}") from None
    return created


def producer(settings: Settings, **overrides: Any) -> Producer:
    """An idempotent producer, batching for throughput."""
    return Producer(
        client_config(
            settings,
            **{
                "enable.idempotence": True,
                "linger.ms": 20,
                "compression.type": "lz4",
                "queue.buffering.max.messages": 500_000,
                **overrides,
            },
        )
    )


@contextmanager
def committed_reader(settings: Settings) -> Iterator[Consumer]:
    """A consumer outside any group's management that sees committed messages only.

    What Kafka refuses it inside the block is raised as ServiceUnavailableError or AccessDeniedError.
    """
    with _reader(settings, "read_committed") as consumer:
        yield consumer


@contextmanager
def any_reader(settings: Settings) -> Iterator[Consumer]:
    """The same for all messages; its watermarks end at the topic's very end, not at an open transaction."""
    with _reader(settings, "read_uncommitted") as consumer:
        yield consumer


@contextmanager
def _reader(settings: Settings, isolation: str) -> Iterator[Consumer]:
    consumer = Consumer(
        client_config(
            settings,
            **{
                "group.id": f"{settings.kafka_group_id}-reader",
                "enable.auto.commit": False,
                "isolation.level": isolation,
                "enable.partition.eof": True,
                "auto.offset.reset": "earliest",
            },
        )
    )
    try:
        with clear_errors(settings, "read its topics"):
            yield consumer
    finally:
        consumer.close()


def partitions(consumer: Consumer, topic: str) -> list[int]:
    """Partition numbers of a topic.

    Raises ServiceUnavailableError where it does not exist, AccessDeniedError where it may not be seen.
    """
    metadata = consumer.list_topics(topic, timeout=REQUEST_TIMEOUT_SECONDS).topics[topic]
    if metadata.error is not None:
        raise topic_failure(topic, metadata.error)
    return sorted(metadata.partitions)


def read_range(
    consumer: Consumer, topic: str, offsets: OffsetRange, *, messages_at_once: int = 10_000
) -> Iterator[Message]:
    """All committed messages in the offset ranges, partition by partition, in order.

    messages_at_once: 1 gives the first without waiting for those that follow.
    Ends at the range's end even where the last offsets are aborted messages or
    transaction markers; raises ServiceUnavailableError when the broker falls silent.
    """
    try:
        for partition, (start, end) in sorted(offsets.items()):
            if start < end:
                consumer.assign([TopicPartition(topic, partition, start)])
                yield from _read_partition(consumer, topic, partition, start, end, messages_at_once)
    finally:
        consumer.unassign()  # also where the reader has enough: an assigned consumer goes on fetching


def _read_partition(
    consumer: Consumer, topic: str, partition: int, position: int, end: int, messages_at_once: int
) -> Iterator[Message]:
    heard = time.monotonic()
    while position < end:
        batch = consumer.consume(messages_at_once, timeout=0.2)
        if batch:
            heard = time.monotonic()
        elif time.monotonic() - heard > REQUEST_TIMEOUT_SECONDS:
            raise ServiceUnavailableError(f"Kafka sent nothing of {topic}/{partition} from offset {position} to {end}")
        for message in batch:
            offset = message.offset() or 0
            if (error := message.error()) is None:
                position = offset + 1
                if offset < end:
                    yield message
            elif error.code() == KafkaError._PARTITION_EOF:
                position = max(position, offset)
            else:
                raise topic_failure(topic, error)


def watermarks(consumer: Consumer, topic: str) -> OffsetRange:
    """First and end offset of each partition, as stored now."""

    def of(partition: int) -> tuple[int, int]:
        return consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=REQUEST_TIMEOUT_SECONDS)

    return {p: _from_leader(partial(of, p)) for p in partitions(consumer, topic)}


def offsets_at(
    consumer: Consumer, topic: str, timestamp_ms: int, starts: dict[int, int] | None = None
) -> dict[int, int]:
    """For each partition the first offset whose message timestamp is at or after the given time.

    starts: asks these partitions only, from these offsets on; all from their beginning where
    it is left out. Monotone in the time, so the ranges between successive times are contiguous and
    disjoint, whatever the order of the timestamps. The end offset where there is none.
    """
    ends = {p: end for p, (_, end) in watermarks(consumer, topic).items()}
    if starts is None:
        starts = dict.fromkeys(ends, 0)

    def find() -> list[TopicPartition]:
        found = consumer.offsets_for_times(
            [TopicPartition(topic, p, timestamp_ms) for p in starts], timeout=REQUEST_TIMEOUT_SECONDS
        )
        if error := next((tp.error for tp in found if tp.error is not None), None):
            raise KafkaException(error)
        return found

    offsets = {}
    for place in _from_leader(find):
        partition, end = place.partition, ends[place.partition]
        found = end if place.offset in (OFFSET_END, -1) else place.offset
        first = max(found, starts[partition])
        offsets[partition] = _message_at(consumer, topic, partition, (first, end), timestamp_ms)
    return offsets


def _message_at(consumer: Consumer, topic: str, partition: int, offsets: tuple[int, int], timestamp_ms: int) -> int:
    """The first message in the range that is of the time or later; the range's end, or what lies beyond it, if none is.

    What Kafka's search finds may be a marker, which has the time of its transaction's
    commit: where history is written with timestamps of old, older messages follow it.
    """
    for message in read_range(consumer, topic, {partition: offsets}, messages_at_once=1):
        if message.timestamp()[1] >= timestamp_ms:
            return message.offset() or 0
    return max(offsets)


def _from_leader(ask: Callable[[], T]) -> T:
    """The answer of a partition's leader, waiting for one: a new topic has none for a moment, nor has a moved one."""
    deadline = time.monotonic() + REQUEST_TIMEOUT_SECONDS
    while True:
        try:
            return ask()
        except KafkaException as error:
            if error.args[0].code() not in _WITHOUT_LEADER or time.monotonic() > deadline:
                raise
            time.sleep(0.1)
