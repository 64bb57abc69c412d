"""Raw tables: Kafka's messages by arrival day, accepted or rejected, nothing in between."""

import time
from collections.abc import Iterator

import dagster as dg

from fraud_platform.defs.metadata import daily_table
from fraud_platform.defs.partitions import DAILY, ONE_RUN, days_of
from fraud_platform.defs.raw.ingest import ingest
from fraud_platform.resources.platform import PlatformResource
from fraud_platform.resources.spark import LazySpark
from fraud_platform.storage.topic_days import topic_days


def _table(key: str, topics: list[str], description: str) -> dg.AssetSpec:
    return dg.AssetSpec(key, deps=topics, group_name="raw", kinds={"spark", "deltalake"}, description=description)


@dg.multi_asset(
    specs=[
        _table("raw_transactions", ["transactions_topic"], "Accepted transactions."),
        _table("raw_labels", ["fraud_labels_topic"], "Accepted fraud reports and reversals, as they arrived."),
        _table(
            "raw_rejected",
            ["transactions_topic", "fraud_labels_topic"],
            "Messages that were not accepted: as received, with the field at fault and the reason.",
        ),
    ],
    partitions_def=DAILY,
    backfill_policy=ONE_RUN,
    pool="raw",
)
def raw_messages(
    context: dg.AssetExecutionContext, platform: PlatformResource, spark: dg.ResourceParam[LazySpark]
) -> Iterator[dg.MaterializeResult]:
    """A day is, of each Kafka partition, the offsets from its midnight to the next one's."""
    started = time.monotonic()
    first, last = days_of(context)
    settings, lake = platform.settings, platform.lake
    transactions = topic_days(settings, settings.kafka_topic, first, last)
    labels = topic_days(settings, settings.kafka_labels_topic, first, last)
    ingest(spark.session, settings, lake, transactions, labels)
    offsets = {days.topic: days.offsets for days in (transactions, labels)}
    for table in ("raw_transactions", "raw_labels", "raw_rejected"):
        name = table.replace("_", "/", 1)
        numbers = daily_table(lake, name, first, last, started)
        yield dg.MaterializeResult(table, metadata={**numbers, "offset_ranges": offsets})
