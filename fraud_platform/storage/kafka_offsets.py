"""Offsets of a Kafka topic: its partitions, their ends, those of a time, and the messages between two of them."""

import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeVar

from confluent_kafka import OFFSET_END, Consumer, KafkaError, KafkaException, Message, TopicPartition

from fraud_platform.errors import ServiceUnavailableError
from fraud_platform.storage.kafka import REQUEST_TIMEOUT_SECONDS
from fraud_platform.storage.kafka_errors import topic_failure

_WITHOUT_LEADER = (
    KafkaError.NOT_LEADER_FOR_PARTITION,
    KafkaError.LEADER_NOT_AVAILABLE,
    KafkaError.NOT_COORDINATOR,
    KafkaError.COORDINATOR_NOT_AVAILABLE,
    KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
)
"""Of a partition or a consumer group; they pass by themselves."""
T = TypeVar("T")
_AT_ONCE = 200
"""Messages; the first of each partition tells, where no marker of a transaction lies before it."""

OffsetRange = dict[int, tuple[int, int]]
"""Kafka partition → (first offset, first offset after the range)."""


def partitions(consumer: Consumer, topic: str) -> list[int]:
    """Partition numbers of a topic.

    Raises ServiceUnavailableError where it does not exist, AccessDeniedError where it may not be seen.
    """
    metadata = consumer.list_topics(topic, timeout=REQUEST_TIMEOUT_SECONDS).topics[topic]
    if metadata.error is not None:
        raise topic_failure(topic, metadata.error)
    return sorted(metadata.partitions)


def newest_offsets(offsets: OffsetRange, most: int) -> OffsetRange:
    """The last `most` offsets of each range.

    >>> newest_offsets({0: (5, 100), 1: (98, 100)}, most=10)
    {0: (90, 100), 1: (98, 100)}
    """
    return {partition: (max(first, end - most), end) for partition, (first, end) in offsets.items()}


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
                _assign(consumer, [TopicPartition(topic, partition, start)])
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
    consumer: Consumer,
    topic: str,
    timestamp_ms: int,
    starts: dict[int, int] | None = None,
    ends: dict[int, int] | None = None,
) -> dict[int, int]:
    """For each partition the first offset whose message timestamp is at or after the given time.

    starts: asks these partitions only, from these offsets on; all from their beginning where
    it is left out. ends: of the partitions, where the caller knows them. Monotone in the time,
    so the ranges between successive times are contiguous and disjoint, whatever the order of
    the timestamps. The end offset where there is none.
    """
    if ends is None:
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

    spans = {}
    for place in _from_leader(find):
        partition, end = place.partition, ends[place.partition]
        found = end if place.offset in (OFFSET_END, -1) else place.offset
        spans[partition] = (max(found, starts[partition]), end)
    return _messages_at(consumer, topic, spans, timestamp_ms)


def _messages_at(consumer: Consumer, topic: str, spans: OffsetRange, timestamp_ms: int) -> dict[int, int]:
    """The first message in each range that is of the time or later; where none is, the range's end or what lies beyond.

    What Kafka's search finds may be a marker, which has the time of its transaction's
    commit: where history is written with timestamps of old, older messages follow it.
    """
    found = {p: max(span) for p, span in spans.items()}
    unread = {p for p, (first, end) in spans.items() if first < end}
    for message in read_all_at_once(consumer, topic, spans, unread, _AT_ONCE):
        partition, offset = message.partition() or 0, message.offset() or 0
        end = spans[partition][1]
        if message.error() is None and offset < end and message.timestamp()[1] >= timestamp_ms:
            found[partition] = offset
            unread.remove(partition)
        elif message.error() is not None or offset >= end - 1:
            unread.remove(partition)
    return found


def read_all_at_once(
    consumer: Consumer, topic: str, spans: OffsetRange, unread: set[int], messages_at_once: int
) -> Iterator[Message]:
    """Messages of the partitions in `unread`, from the beginning of their spans on, and the ends of the partitions.

    It goes on until the caller has taken the last partition out of `unread`; that is the
    caller's to do at the end of its span, which is told only in the error. One by one, each
    partition would cost a round trip. Raises ServiceUnavailableError when the broker falls silent.
    """
    _assign(consumer, [TopicPartition(topic, p, spans[p][0]) for p in sorted(unread)])
    heard = time.monotonic()
    try:
        while unread:
            batch = consumer.consume(messages_at_once, timeout=0.1)
            if batch:
                heard = time.monotonic()
            elif time.monotonic() - heard > REQUEST_TIMEOUT_SECONDS:
                silent = ", ".join(f"{p}: {spans[p][0]} to {spans[p][1]}" for p in sorted(unread))
                raise ServiceUnavailableError(f"Kafka sent nothing of {topic} in the offsets {silent}")
            for message in batch:
                if (partition := message.partition() or 0) in unread:
                    if (error := message.error()) is not None and error.code() != KafkaError._PARTITION_EOF:
                        raise topic_failure(topic, error)
                    yield message
                    if partition not in unread:
                        consumer.pause([TopicPartition(topic, partition)])  # or it would go on to the topic's end
    finally:
        consumer.unassign()


def _assign(consumer: Consumer, places: list[TopicPartition]) -> None:
    consumer.assign(places)
    consumer.resume(places)  # a pause outlives the assignment that it was made in


def committed_offsets(consumer: Consumer, places: list[TopicPartition]) -> list[TopicPartition]:
    """What the consumer's group has committed for these partitions, waiting for the group's coordinator."""
    return _from_leader(partial(consumer.committed, places, timeout=REQUEST_TIMEOUT_SECONDS))


def _from_leader(ask: Callable[[], T]) -> T:
    """The answer of a partition's leader, or a group's coordinator; what is new or has moved has none for a moment."""
    deadline = time.monotonic() + REQUEST_TIMEOUT_SECONDS
    while True:
        try:
            return ask()
        except KafkaException as error:
            if error.args[0].code() not in _WITHOUT_LEADER or time.monotonic() > deadline:
                raise
            time.sleep(0.1)
