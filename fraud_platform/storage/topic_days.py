"""Days of a Kafka topic: for each partition contiguous, disjoint offset ranges, read as one Spark frame."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from fraud_platform.core.time import EPOCH, day_start_ms
from fraud_platform.settings import Settings
from fraud_platform.storage.kafka import OffsetRange, admin_client, committed_reader, offsets_at, spark_options

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

POSITION = pa.schema(
    [
        ("date", pa.date32()),
        ("kafka_partition", pa.int32()),
        ("kafka_offset", pa.int64()),
        ("kafka_timestamp_ms", pa.int64()),
    ]
)
"""Columns that every table of messages starts with."""
DATED_PLACE, PLACE = POSITION.names[:3], POSITION.names[1:3]
"""Where a message stands in its topic, with and without the day."""

Decode = Callable[[pa.RecordBatch], pa.Table]
"""POSITION, key and value of messages → the columns wanted of them."""


@dataclass(frozen=True)
class TopicDays:
    """Day i of partition p is the offsets [bounds[p][i], bounds[p][i + 1]), whatever the order of the timestamps."""

    topic: str
    first: date
    bounds: dict[int, NDArray[np.int64]]

    @property
    def last(self) -> date:
        return self.first + timedelta(days=len(next(iter(self.bounds.values()))) - 2)

    @property
    def offsets(self) -> OffsetRange:
        """All the days' offsets as one range a partition."""
        return {p: (int(bounds[0]), int(bounds[-1])) for p, bounds in sorted(self.bounds.items())}

    @property
    def messages(self) -> int:
        """Upper bound of the number of messages: markers of transactions take offsets, too."""
        return sum(end - start for start, end in self.offsets.values())

    def day_numbers(self, partitions: NDArray[np.int32], offsets: NDArray[np.int64]) -> NDArray[np.int32]:
        """Days since 1970-01-01 of messages, by their place in the bounds."""
        day = np.empty(len(offsets), np.int32)
        for partition in np.unique(partitions):
            rows = partitions == partition
            # side="right": a bound shared with empty days opens the last of them, which has the message
            day[rows] = np.searchsorted(self.bounds[int(partition)], offsets[rows], side="right") - 1
        return day + (self.first - EPOCH).days


def topic_days(settings: Settings, topic: str, first: date, last: date) -> TopicDays:
    """Offset ranges of the days first to last, both included, as Kafka has them now.

    Raises ServiceUnavailableError where the broker does not answer or lacks the topic.
    """
    admin_client(settings)
    midnights = [first + timedelta(days=i) for i in range((last - first).days + 2)]
    starts: list[dict[int, int]] = []
    with committed_reader(settings) as consumer:
        for day in midnights:
            starts.append(offsets_at(consumer, topic, day_start_ms(day), starts[-1] if starts else None))
    return TopicDays(topic, first, {p: np.array([start[p] for start in starts], np.int64) for p in starts[0]})


def kafka_messages(spark: "SparkSession", settings: Settings, topic: str, offsets: OffsetRange) -> "DataFrame":
    """Committed messages of a topic: kafka_partition, kafka_offset, kafka_timestamp_ms, key, value.

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
        .load()
    )
    return source.select(
        F.col("partition").alias("kafka_partition"),
        F.col("offset").alias("kafka_offset"),
        F.unix_millis("timestamp").alias("kafka_timestamp_ms"),
        "key",
        "value",
    )


def read_topic_days(
    spark: "SparkSession", settings: Settings, days: TopicDays, decode: Decode, schema: pa.Schema
) -> "DataFrame":
    """The days' committed messages, decoded: one row of `schema` for each row that `decode` returns.

    Fails as `kafka_messages` does.
    """
    from pyspark.sql.pandas.types import from_arrow_schema

    def rows(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            numbers = days.day_numbers(batch["kafka_partition"].to_numpy(), batch["kafka_offset"].to_numpy())
            dated = batch.add_column(0, POSITION.field("date"), pa.array(numbers).cast(pa.date32()))
            yield from decode(dated).select(schema.names).cast(schema).to_batches()

    messages = kafka_messages(spark, settings, days.topic, days.offsets)
    return messages.mapInArrow(rows, from_arrow_schema(schema))
