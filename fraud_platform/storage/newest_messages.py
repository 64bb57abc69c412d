"""The newest messages of a topic, read from its end: a long topic costs what is asked for and no more."""

from collections import deque
from collections.abc import Callable, Iterator
from itertools import accumulate
from typing import NamedTuple, TypeVar

from confluent_kafka import Consumer, Message

from fraud_platform.storage.clock import now_ms
from fraud_platform.storage.kafka_offsets import OffsetRange, newest_offsets, read_all_at_once

FIRST_CHUNK, LARGEST_CHUNK = 500, 50_000
"""Offsets of each partition that are read at once; four times as many each time too few were wanted."""
_AT_ONCE = 500
T = TypeVar("T")


class _Found(NamedTuple):
    """What was made of a message, and its timestamp in milliseconds."""

    at_ms: int
    made: object


def newest(
    consumer: Consumer, topic: str, offsets: OffsetRange, wanted: Callable[[Message], T | None], most: int
) -> list[T]:
    """At most so many of the messages in the ranges, newest first, as what `wanted` makes of them.

    `wanted` answers None for a message to leave out. No more than `most` of each partition
    are held in memory. Partitions are merged by timestamp; within one the order is the
    topic's, whatever clocks its writers had.
    """
    found: dict[int, deque[_Found]] = {p: deque() for p in offsets}
    unread, chunk = dict(offsets), FIRST_CHUNK
    while unread := {p: (first, end) for p, (first, end) in unread.items() if first < end and len(found[p]) < most}:
        chunks = newest_offsets(unread, chunk)
        for partition, earlier in _read_chunks(consumer, topic, chunks, wanted, most).items():
            space = most - len(found[partition])
            found[partition].extendleft(list(reversed(earlier))[:space])
        unread = {p: (first, chunks[p][0]) for p, (first, _) in unread.items()}
        chunk = min(4 * chunk, LARGEST_CHUNK)
    dated = [pair for partition in found.values() for pair in _in_their_order(partition)]
    dated.sort(key=lambda pair: -pair[0])
    return [made for _, made in dated[:most]]  # type: ignore[misc]


def _read_chunks(
    consumer: Consumer, topic: str, chunks: OffsetRange, wanted: Callable[[Message], T | None], most: int
) -> dict[int, deque[_Found]]:
    """Of each partition the last `most` that are wanted, oldest first."""
    last: dict[int, deque[_Found]] = {p: deque(maxlen=most) for p in chunks}
    for message in read_together(consumer, topic, chunks):
        if (made := wanted(message)) is not None:
            last[message.partition() or 0].append(_Found(message.timestamp()[1], made))
    return last


def _in_their_order(found: deque[_Found]) -> list[tuple[int, object]]:
    """With times that never go back nor lie ahead of now, newest first."""
    latest_ms = now_ms()
    times = accumulate((min(message.at_ms, latest_ms) for message in found), max)
    return list(zip(times, (message.made for message in found), strict=True))[::-1]


def read_together(consumer: Consumer, topic: str, offsets: OffsetRange) -> Iterator[Message]:
    """All committed messages in the offset ranges, of all partitions at once, each partition's in order.

    Raises ServiceUnavailableError when the broker falls silent.
    """
    unread = {p for p, (start, end) in offsets.items() if start < end}
    for message in read_all_at_once(consumer, topic, offsets, unread, _AT_ONCE):
        partition, offset = message.partition() or 0, message.offset() or 0
        start, end = offsets[partition]
        is_message = message.error() is None
        if is_message and start <= offset < end:
            yield message
        # The last offsets may be markers, which nobody sees: then the end of the partition tells.
        if not is_message or offset >= end - 1:
            unread.remove(partition)
