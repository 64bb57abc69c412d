"""What was read of a topic: for each day and partition its offsets, and which of them Kafka had when they were read.

An offset that was read and has no row held no message, but the marker of a transaction or a message of one that was
aborted. An offset that was never read is a gap: Kafka had deleted it before anybody came.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from fraud_platform.errors import LakeError
from fraud_platform.pipeline.tables import READINGS
from fraud_platform.storage.lake import Lake

Span = tuple[int, int]
"""Offsets [first, end)."""


@dataclass(frozen=True)
class Reading:
    """A day of a partition: its offsets [first, end), the spans of them that were read, and how many rows it has."""

    topic_id: str
    date: date
    partition: int
    first: int
    end: int
    read: Sequence[Span] = field(default=())
    messages: int = 0

    @property
    def gaps(self) -> list[Span]:
        """Offsets of the day that were never read."""
        bounds = [self.first, *(offset for span in self.read for offset in span), self.end]
        spans = zip(bounds[::2], bounds[1::2], strict=True)
        return [(start, end) for start, end in spans if start < end]

    def after(self, former: "Reading | None") -> "Reading":
        """This reading, and what a former one of the same day and topic had read besides."""
        if former is None or former.topic_id != self.topic_id:
            return self
        return replace(self, read=union([*former.read, *self.read]))


def union(spans: Iterable[Span]) -> list[Span]:
    """The offsets of all spans as ascending spans that do not touch.

    >>> union([(5, 9), (0, 3), (3, 4), (7, 11), (2, 2)])
    [(0, 4), (5, 11)]
    """
    joined: list[Span] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def readings(lake: Lake, topic: str, first: date | None = None, last: date | None = None) -> list[Reading]:
    """Readings of a topic's days first to last, both included, by day and partition; all days by default."""
    if not lake.exists(READINGS):
        return []
    rows = lake.read(READINGS, None, first, last, where=pc.field("topic") == topic)
    rows = rows.sort_by([("date", "ascending"), ("kafka_partition", "ascending")])
    return [
        Reading(
            row["topic_id"],
            row["date"],
            row["kafka_partition"],
            row["first_offset"],
            row["end_offset"],
            [(start, end) for start, end in row["read"]],
            row["messages"],
        )
        for row in rows.to_pylist()
    ]


def gaps(read: Iterable[Reading]) -> list[str]:
    """Offsets that Kafka had deleted before they were read, told for people."""
    return [
        f"{r.date}, partition {r.partition}: offsets {start} to {end - 1} were deleted before they were read"
        for r in read
        for start, end in r.gaps
    ]


def days_apart(read: Iterable[Reading]) -> list[str]:
    """Where a day begins elsewhere than where the one before ended, told for people."""
    known = {(r.date, r.partition): r for r in read}
    found = []
    for r in known.values():
        former = known.get((r.date - timedelta(days=1), r.partition))
        if former and former.topic_id == r.topic_id and former.end != r.first:
            found.append(
                f"{former.date}, partition {r.partition}: was read to offset {former.end}, "
                f"and {r.date} begins at {r.first}; materialise {former.date} again"
            )
    return found


def write_readings(lake: Lake, topic: str, made: Sequence[Reading]) -> None:
    """Put readings in the place of those of the same days and partitions, adding to what these had read."""
    kept = {(reading.date, reading.partition): reading for reading in readings(lake, topic)}
    for reading in made:
        place = (reading.date, reading.partition)
        kept[place] = reading.after(kept.get(place))
    rows = [
        {
            "topic": topic,
            "topic_id": r.topic_id,
            "date": r.date,
            "kafka_partition": r.partition,
            "first_offset": r.first,
            "end_offset": r.end,
            "read": [list(span) for span in r.read],
            "messages": r.messages,
        }
        for r in kept.values()
    ]
    lake.replace_topic(READINGS, pa.Table.from_pylist(rows, READINGS.schema), topic)


def refuse_unread_days(lake: Lake, topics: Iterable[str], first: date, last: date) -> None:
    """Raises LakeError where a topic was not read for one of the days: nothing would be made of nothing."""
    days = {first + timedelta(days=i) for i in range((last - first).days + 1)}
    for topic in topics:
        if unread := sorted(days - {reading.date for reading in readings(lake, topic, first, last)}):
            raise LakeError(
                f"{len(unread)} of the days from {first} to {last} were not read from {topic} yet, {unread[0]} is "
                "the first: materialise raw_transactions and raw_labels for them"
            )
