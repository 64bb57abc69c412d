"""Days of a source topic → its raw table, which keeps each message as it was received."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from fraud_platform.messages.passed_over import PassedOver
from fraud_platform.pipeline import tables
from fraud_platform.pipeline.raw_rows import raw_rows
from fraud_platform.pipeline.topic_days import TopicDays
from fraud_platform.pipeline.topic_table import store_days
from fraud_platform.settings import Settings
from fraud_platform.storage.lake import Lake, Table

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def topic_of(settings: Settings, table: Table) -> str:
    """The topic whose messages a raw table keeps."""
    return {tables.RAW_TRANSACTIONS: settings.kafka_topic, tables.RAW_LABELS: settings.kafka_labels_topic}[table]


def ingest(
    spark: Callable[[], "SparkSession"],
    settings: Settings,
    lake: Lake,
    table: Table,
    days: TopicDays,
    passed: Sequence[PassedOver],
) -> int:
    """Store the days; returns the number of rows that Kafka no longer has, and that were kept.

    passed: offsets whose messages are not to be looked at.
    """
    return store_days(spark, settings, lake, table, days, lambda on_skipped: raw_rows(days.topic), passed).kept
