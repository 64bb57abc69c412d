"""Days of the two source topics → the three raw tables: each message is read and parsed once."""

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pyarrow as pa

from fraud_platform.defs.raw.messages import (
    LABEL,
    LABEL_OR_REJECTED,
    REJECTED,
    TRANSACTION,
    TRANSACTION_OR_REJECTED,
    label_rows,
    transaction_rows,
)
from fraud_platform.settings import Settings
from fraud_platform.storage.lake import Lake
from fraud_platform.storage.spark import replace_days
from fraud_platform.storage.topic_days import TopicDays, read_topic_days

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


def ingest(spark: "SparkSession", settings: Settings, lake: Lake, transactions: TopicDays, labels: TopicDays) -> None:
    """Replace the days in raw/transactions, raw/labels and raw/rejected. Each table changes atomically."""
    decoded = read_topic_days(
        spark, settings, transactions, transaction_rows(transactions.topic), TRANSACTION_OR_REJECTED
    )
    reports = read_topic_days(spark, settings, labels, label_rows(labels.topic), LABEL_OR_REJECTED)
    # Accepted and rejected rows go to different tables; parsing again would cost more than keeping them.
    decoded.persist()
    reports.persist()
    messages = transactions.messages + labels.messages
    try:
        # Before the writers share it: two that ask for a part at once would hold both cores for one's work.
        decoded.count()
        reports.count()
        rejected = _rejected(decoded).unionByName(_rejected(reports))
        frames = {
            "raw/transactions": _accepted(decoded, TRANSACTION),
            "raw/labels": _accepted(reports, LABEL),
            "raw/rejected": rejected,
        }
        # Planning and commits are the driver's, one core's work: side by side they fill each other's gaps.
        with ThreadPoolExecutor() as pool:
            for done in [
                pool.submit(replace_days, frame, lake, table, transactions.first, transactions.last, messages)
                for table, frame in frames.items()
            ]:
                done.result()
    finally:
        decoded.unpersist()
        reports.unpersist()


def _accepted(rows: "DataFrame", schema: pa.Schema) -> "DataFrame":
    return rows.where("reason IS NULL").select(*schema.names)


def _rejected(rows: "DataFrame") -> "DataFrame":
    return rows.where("reason IS NOT NULL").select(*REJECTED.names)
