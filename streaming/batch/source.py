"""Transactions from Kafka as a streaming DataFrame of raw messages."""

import json

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from fraud_platform.settings import Settings
from fraud_platform.storage.kafka import spark_options


def raw_messages(spark: SparkSession, settings: Settings, starting_offsets: dict[int, int] | None) -> DataFrame:
    """Columns partition, offset, timestamp_ms, key, value of every committed message.

    starting_offsets: where a query without a checkpoint begins in each of its partitions; it
    reads no others, also where the topic gets more. None for the earliest offsets of all. A
    task reads one Kafka partition, whole and in offset order.
    """
    topic = settings.kafka_topic
    if starting_offsets is None:
        where = {"subscribe": topic, "startingOffsets": "earliest"}
    else:
        assigned = {"assign": {topic: sorted(starting_offsets)}, "startingOffsets": {topic: starting_offsets}}
        where = {option: json.dumps(value) for option, value in assigned.items()}
    source = (
        spark.readStream.format("kafka")
        .options(**spark_options(settings), **where)
        .option("maxOffsetsPerTrigger", settings.max_offsets_per_trigger)
        .option("failOnDataLoss", "true")
        .load()
    )
    return source.select("partition", "offset", F.unix_millis("timestamp").alias("timestamp_ms"), "key", "value")
