"""A table with a row a message: its days are read, what Kafka no longer has is kept, and the reading is noted."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa

from fraud_platform.messages.arrow_schemas import DATED_PLACE, PLACE
from fraud_platform.messages.passed_over import PassedOver
from fraud_platform.pipeline.message_batches import NotForThisProcessError, message_batches
from fraud_platform.pipeline.passed_messages import messages_around
from fraud_platform.pipeline.readings import write_readings
from fraud_platform.pipeline.topic_days import Decode, TopicDays, decoded_days
from fraud_platform.settings import Settings
from fraud_platform.storage import spark as spark_tables
from fraud_platform.storage.lake import Lake, Table

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

Decoder = Callable[[Callable[[int], object]], Decode]
"""Makes a decoder, which tells the number of messages that it leaves out."""


class Stored(NamedTuple):
    """Rows that were kept since Kafka no longer has their messages, and messages that have no row."""

    kept: int
    skipped: int


def store_days(
    spark: Callable[[], "SparkSession"],
    settings: Settings,
    lake: Lake,
    table: Table,
    days: TopicDays,
    decoder: Decoder,
    passed: Sequence[PassedOver] = (),
) -> Stored:
    """Put a row of each of the days' messages into a table.

    A row is never replaced by none: Kafka may have deleted its message since, and then the
    row is all there is. This process reads up to DRIVER_ROWS messages, which is done before
    Spark has planned it; above, and where they are large, Spark does. passed: offsets whose
    messages are not to be looked at.
    """
    stored = None
    former = lake.row_count(table, days.first, days.last) if lake.exists(table) else 0
    if max(days.messages, former) <= spark_tables.DRIVER_ROWS:
        stored = _store_here(settings, lake, table, days, decoder, passed, former)
    if stored is None:
        stored = _store_by_spark(spark(), settings, lake, table, days, decoder, passed, former)
    write_readings(lake, days.topic, days.readings(_count_rows(lake, table, days.first, days.last)))
    return stored


def _store_here(
    settings: Settings,
    lake: Lake,
    table: Table,
    days: TopicDays,
    decoder: Decoder,
    passed: Sequence[PassedOver],
    former: int,
) -> Stored | None:
    """None where the messages are too large for this process."""
    skipped: list[int] = []
    decode = decoder(skipped.append)
    try:
        batches = message_batches(settings, days.topic, days.stored, passed)
        rows = pa.concat_tables([table.schema.empty_table(), *(days.decoded(b, decode, table.schema) for b in batches)])
    except NotForThisProcessError:
        return None
    kept = _former_rows(lake, table, days, rows) if former else table.schema.empty_table()
    lake.replace_days(table, pa.concat_tables([rows, kept]), days.first, days.last)
    return Stored(len(kept), sum(skipped))


def _former_rows(lake: Lake, table: Table, days: TopicDays, read: pa.Table) -> pa.Table:
    """Rows that the table has of the days, and that are not among those that were read."""
    there = set(lake.columns(table))
    rows = lake.read(table, [name for name in table.schema.names if name in there], days.first, days.last)
    rows = pa.concat_tables([table.schema.empty_table(), rows], promote_options="permissive").select(table.schema.names)
    is_read = np.zeros(len(rows), bool)
    partitions, offsets = (rows[name].to_numpy() for name in PLACE)
    read_partitions, read_offsets = (read[name].to_numpy() for name in PLACE)
    for partition in np.unique(partitions):
        here = partitions == partition
        is_read[here] = np.isin(offsets[here], read_offsets[read_partitions == partition])
    return rows.filter(pa.array(~is_read)).cast(table.schema)


def _store_by_spark(
    spark: "SparkSession",
    settings: Settings,
    lake: Lake,
    table: Table,
    days: TopicDays,
    decoder: Decoder,
    passed: Sequence[PassedOver],
    former: int,
) -> Stored:
    skipped = spark.sparkContext.accumulator(0)
    messages = messages_around(spark, settings, days.topic, days.stored, passed)
    rows = decoded_days(messages, days, decoder(skipped.add), table.schema).persist()
    try:
        old = _former_rows_by_spark(spark, lake, table, days, rows) if former else None
        kept = old.count() if old else 0
        written = rows.unionByName(old, allowMissingColumns=True) if old and kept else rows
        size = _bytes_of(rows) if "value" in table.schema.names else 0
        spark_tables.replace_days(written, lake, table, days.first, days.last, days.messages + kept, size)
    finally:
        rows.unpersist()
    return Stored(kept, skipped.value)


def _former_rows_by_spark(
    spark: "SparkSession", lake: Lake, table: Table, days: TopicDays, rows: "DataFrame"
) -> "DataFrame":
    stored = spark.read.format("delta").load(lake.spark_uri(table))
    stored = stored.where(stored["date"].between(days.first, days.last))
    return stored.join(rows.select(*PLACE), PLACE, "left_anti").select(
        *(name for name in rows.columns if name in stored.columns)
    )


def _bytes_of(rows: "DataFrame") -> int:
    return int(rows.selectExpr("sum(octet_length(value))").collect()[0][0] or 0)


def _count_rows(lake: Lake, table: Table, first: date, last: date) -> dict[tuple[date, int], int]:
    """Rows by day and partition."""
    by = list(DATED_PLACE[:2])
    counts = lake.read(table, by, first, last).group_by(by).aggregate([([], "count_all")])
    return {(row["date"], row["kafka_partition"]): row["count_all"] for row in counts.to_pylist()}
