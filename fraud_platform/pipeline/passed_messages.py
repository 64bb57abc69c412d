"""Messages of a topic around the offsets that are passed over: these without a look at what they say."""

from collections.abc import Sequence
from functools import reduce
from typing import TYPE_CHECKING

import pyarrow as pa

from fraud_platform.messages.arrow_schemas import MESSAGE, PASSED_OVER
from fraud_platform.messages.passed_over import PassedOver, around, within
from fraud_platform.pipeline.topic_days import kafka_messages
from fraud_platform.settings import Settings
from fraud_platform.storage.kafka import committed_reader
from fraud_platform.storage.kafka_offsets import OffsetRange, read_range

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

KEPT_BYTES = 1_000
"""Of key and value of a message that is passed over: its size may be what stops its readers."""


def messages_around(
    spark: "SparkSession", settings: Settings, topic: str, offsets: OffsetRange, passed: Sequence[PassedOver]
) -> "DataFrame":
    """Columns MESSAGE, as `kafka_messages` gives them, and PASSED_OVER where any of the offsets are passed over."""
    from pyspark.sql import DataFrame
    from pyspark.sql import functions as F

    left_out = within(passed, offsets)
    if not left_out:
        return kafka_messages(spark, settings, topic, offsets)
    told = F.lit(None).cast("string").alias(PASSED_OVER)
    read = [kafka_messages(spark, settings, topic, piece).select("*", told) for piece in around(passed, offsets)]
    return reduce(DataFrame.unionByName, read, spark.createDataFrame(passed_messages(settings, topic, left_out)))


def passed_messages(settings: Settings, topic: str, passed: list[PassedOver]) -> pa.Table:
    """The place of each message, the start of key and value, and why it is passed over."""
    schema = pa.schema([*MESSAGE, (PASSED_OVER, pa.string())])
    with committed_reader(settings) as consumer:
        rows = [
            (m.partition(), m.offset(), m.timestamp()[1], _start(m.key()), _start(m.value()), None, r.words)
            for r in passed
            for m in read_range(consumer, topic, {r.partition: (r.first, r.end)})
        ]
    return pa.Table.from_pylist([dict(zip(schema.names, row, strict=True)) for row in rows], schema)


def _start(content: bytes | str | None) -> bytes | None:
    return content[:KEPT_BYTES] if isinstance(content, bytes) else None
