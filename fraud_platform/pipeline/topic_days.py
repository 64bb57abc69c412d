"""Days of a Kafka topic: for each partition contiguous, disjoint offset ranges, read as one Spark frame."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from fraud_platform.core.time import EPOCH, day_start_ms
from fraud_platform.messages.arrow_schemas import MESSAGE, POSITION
from fraud_platform.pipeline.midnights import Midnight, record, recorded
from fraud_platform.pipeline.readings import Reading, readings, union
from fraud_platform.settings import Settings
from fraud_platform.storage.clock import now_ms
from fraud_platform.storage.kafka import admin_client, committed_reader, spark_options
from fraud_platform.storage.kafka_offsets import OffsetRange, offsets_at, watermarks
from fraud_platform.storage.lake import Lake
from fraud_platform.storage.topic_id import TopicId

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

ONE_DAY = timedelta(days=1)

Decode = Callable[[pa.RecordBatch], pa.Table]
"""POSITION, key and value of messages → the columns wanted of them."""


@dataclass(frozen=True)
class TopicDays:
    """Day i of partition p is the offsets [bounds[p][i], bounds[p][i + 1]), whatever the order of the timestamps."""

    topic: str
    first: date
    bounds: dict[int, NDArray[np.int64]]
    topic_id: str = ""
    stored_from: Mapping[int, int] = field(default_factory=dict)
    """First offset of each partition that Kafka still has; 0 where it is left out."""
    former_days: int = 0
    """So many of the first days ended in a topic of that name that was deleted since: Kafka has nothing of them."""

    @property
    def last(self) -> date:
        return self.first + timedelta(days=len(next(iter(self.bounds.values()))) - 2)

    @property
    def offsets(self) -> OffsetRange:
        """All the days' offsets as one range a partition."""
        return {p: (int(bounds[0]), int(bounds[-1])) for p, bounds in sorted(self.bounds.items())}

    @property
    def stored(self) -> OffsetRange:
        """Those of them that Kafka still has."""
        held = {p: max(start, self.stored_from.get(p, 0)) for p, (start, _) in self.offsets.items()}
        return {p: (start, max(start, self.offsets[p][1])) for p, start in held.items()}

    @property
    def messages(self) -> int:
        """Upper bound of the number of messages that Kafka has: markers of transactions take offsets, too."""
        return sum(end - start for start, end in self.stored.values())

    def day_numbers(self, partitions: NDArray[np.int32], offsets: NDArray[np.int64]) -> NDArray[np.int32]:
        """Days since 1970-01-01 of messages, by their place in the bounds."""
        day = np.empty(len(offsets), np.int32)
        for partition in np.unique(partitions):
            rows = partitions == partition
            # side="right": a bound shared with empty days opens the last of them, which has the message
            day[rows] = np.searchsorted(self.bounds[int(partition)], offsets[rows], side="right") - 1
        return day + (self.first - EPOCH).days

    def decoded(self, messages: pa.RecordBatch, decode: Decode, schema: pa.Schema) -> pa.Table:
        """What `decode` makes of messages (columns MESSAGE and maybe others) with their day."""
        numbers = self.day_numbers(messages["kafka_partition"].to_numpy(), messages["kafka_offset"].to_numpy())
        dated = messages.add_column(0, POSITION.field("date"), pa.array(numbers).cast(pa.date32()))
        return decode(dated).select(schema.names).cast(schema)

    def readings(self, messages: Mapping[tuple[date, int], int]) -> list[Reading]:
        """What reading the days now amounts to; messages: rows by day and partition."""
        return [
            Reading(
                self.topic_id,
                day,
                partition,
                start,
                end,
                union([(max(start, self.stored_from.get(partition, 0)), end)]),
                messages.get((day, partition), 0),
            )
            for partition, bounds in sorted(self.bounds.items())
            for i, (start, end) in enumerate(pairwise(bounds.tolist()))
            if i >= self.former_days
            for day in [self.first + timedelta(days=i)]
        ]


def topic_days(settings: Settings, lake: Lake, topic: str, first: date, last: date) -> TopicDays:
    """Offset ranges of the days first to last, both included; records the midnights among them that have passed.

    Raises ServiceUnavailableError where the broker does not answer or lacks the topic.
    """
    admin_client(settings)
    with committed_reader(settings) as consumer:
        stored = watermarks(consumer, topic)
        ends = {p: end for p, (_, end) in stored.items()}
        topic_id = TopicId(settings, topic).now()
        known, read = recorded(lake, topic), readings(lake, topic)
        former = {day for day, midnight in known.items() if midnight.topic_id != topic_id}
        # A day of which a former topic of that name was read is over: what a new one has is of the next day.
        former |= {r.date + ONE_DAY for r in read if r.topic_id != topic_id}
        days = [first + timedelta(days=i) for i in range((last - first).days + 2)]
        found: dict[date, dict[int, int]] = {}
        for day in days:
            if day in former:
                found[day] = dict.fromkeys(stored, 0)
            elif day in known:
                found[day] = {p: known[day].offsets.get(p, 0) for p in stored}
            else:
                reached = _reached(day, known, found, read, topic_id)
                later = _first_later(day, known, stored)
                starts = {p: reached.get(p, 0) for p in stored}
                at = offsets_at(consumer, topic, day_start_ms(day), starts, ends)
                found[day] = {p: min(offset, later[p]) for p, offset in at.items()}
                # Whose day it was that Kafka deleted unread, nobody knows; the first day that is asked for tells of it.
                found[day] |= {p: 0 for p, (start, _) in stored.items() if p not in reached and at[p] == start}
    present_ms = now_ms()
    passed = {day: Midnight(topic_id, found[day]) for day in days if day_start_ms(day) <= present_ms}
    record(lake, topic, passed, present_ms)
    return TopicDays(
        topic,
        first,
        {p: np.array([found[day][p] for day in days], np.int64) for p in stored},
        topic_id,
        {p: start for p, (start, _) in stored.items()},
        sum(day in former for day in days[1:]),
    )


def _reached(
    day: date, known: Mapping[date, Midnight], found: Mapping[date, dict[int, int]], read: list[Reading], topic_id: str
) -> dict[int, int]:
    """Where each partition's earlier days end: no earlier than their midnights, and than what was read of them."""
    earlier = [m.offsets for other, m in known.items() if other < day and m.topic_id == topic_id]
    earlier += [offsets for other, offsets in found.items() if other < day]
    earlier += [{r.partition: r.end} for r in read if r.date < day and r.topic_id == topic_id]
    reached: dict[int, int] = {}
    for offsets in earlier:
        for partition, offset in offsets.items():
            reached[partition] = max(offset, reached.get(partition, 0))
    return reached


def _first_later(day: date, known: Mapping[date, Midnight], stored: OffsetRange) -> dict[int, int]:
    """Where the next midnight that is recorded lies, else the end of the topic."""
    following = min((other for other in known if other > day), default=None)
    ends = {p: end for p, (_, end) in stored.items()}
    return ends if following is None else {p: known[following].offsets.get(p, 0) for p in stored}


def kafka_messages(spark: "SparkSession", settings: Settings, topic: str, offsets: OffsetRange) -> "DataFrame":
    """Committed messages of a topic, as columns MESSAGE.

    Fails where Kafka no longer has a part of the ranges.
    """
    from pyspark.sql import functions as F

    starts, ends = ({topic: {str(p): bounds[end] for p, bounds in offsets.items()}} for end in (0, 1))
    source = (
        spark.read.format("kafka")
        .options(**spark_options(settings))
        .option("assign", json.dumps({topic: [*offsets]}))
        .option("startingOffsets", json.dumps(starts))
        .option("endingOffsets", json.dumps(ends))
        .option("minPartitions", spark.sparkContext.defaultParallelism)
        .option("failOnDataLoss", "true")
        .option("includeHeaders", "true")
        .load()
    )
    return source.select(
        F.col("partition").alias("kafka_partition"),
        F.col("offset").alias("kafka_offset"),
        F.unix_millis("timestamp").alias("kafka_timestamp_ms"),
        *MESSAGE.names[3:],
    )


def decoded_days(messages: "DataFrame", days: TopicDays, decode: Decode, schema: pa.Schema) -> "DataFrame":
    """Messages of the days, decoded: one row of `schema` for each row that `decode` returns.

    messages: columns MESSAGE, and others that `decode` may know.
    """
    from pyspark.sql.pandas.types import from_arrow_schema

    def rows(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            yield from days.decoded(batch, decode, schema).to_batches()

    return messages.mapInArrow(rows, from_arrow_schema(schema))
