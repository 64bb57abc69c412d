"""Transactions from Kafka as a streaming DataFrame of raw messages."""

import json

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from fraud_platform.settings import Settings
from fraud_platform.storage.kafka import spark_options


def raw_messages(spark: SparkSession, settings: Settings, starting_offsets: dict[int, int] | None) -> DataFrame:
    """Columns partition, offset, timestamp_ms, key, value of every committed message.

    starting_offsets: where a query without a checkpoint begins; None for the earliest
    offsets. A task reads one Kafka partition, whole and in offset order.
    """
    start = "earliest" if starting_offsets is None else json.dumps({settings.kafka_topic: starting_offsets})
    source = (
        spark.readStream.format("kafka")
        .options(**spark_options(settings))
        .option("subscribe", settings.kafka_topic)
        .option("startingOffsets", start)
        .option("maxOffsetsPerTrigger", settings.max_offsets_per_trigger)
        .option("failOnDataLoss", "true")
        .load()
    )
    return source.select("partition", "offset", F.unix_millis("timestamp").alias("timestamp_ms"), "key", "value")
