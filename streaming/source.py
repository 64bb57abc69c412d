"""Transactions from Kafka as a streaming DataFrame of raw messages, keyed by a bucket of customers."""

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from fraud_platform.settings import Settings
from fraud_platform.storage.kafka import spark_options


def raw_messages(spark: SparkSession, settings: Settings) -> DataFrame:
    """Columns bucket, partition, offset, timestamp_ms, key, value of every committed message.

    The bucket is taken from the Kafka key, which the contract makes the customer_id, so
    rows reach their customer's state before anyone has parsed them.
    """
    source = (
        spark.readStream.format("kafka")
        .options(**spark_options(settings))
        .option("subscribe", settings.kafka_topic)
        .option("startingOffsets", "earliest")
        .option("maxOffsetsPerTrigger", settings.max_offsets_per_trigger)
        .option("failOnDataLoss", "true")
        .load()
    )
    return source.select(
        F.pmod(F.hash("key"), F.lit(settings.state_buckets)).alias("bucket"),
        "partition",
        "offset",
        F.unix_millis("timestamp").alias("timestamp_ms"),
        "key",
        "value",
    )
