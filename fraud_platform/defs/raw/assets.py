"""Raw tables: Kafka's messages by arrival day, as they were received."""

import time
from collections.abc import Iterator

import dagster as dg

from fraud_platform.defs.metadata import daily_table, table_of_messages
from fraud_platform.defs.partitions import DAILY, ONE_RUN, days_of
from fraud_platform.messages.passed_over import passed_over
from fraud_platform.operations.ledger import scorer_events
from fraud_platform.pipeline import ingest, tables
from fraud_platform.pipeline.lake_upgrade import refuse_former_tables
from fraud_platform.pipeline.topic_days import topic_days
from fraud_platform.resources.platform import PlatformResource
from fraud_platform.resources.spark import LazySpark

GROUP = "raw"


@dg.multi_asset(
    specs=[
        table_of_messages(table, [topic], GROUP, f"Messages of {messages}: bytes, key, headers, time, place.")
        for table, topic, messages in (
            (tables.RAW_TRANSACTIONS, "transactions_topic", "transactions"),
            (tables.RAW_LABELS, "fraud_labels_topic", "fraud reports"),
        )
    ],
    partitions_def=DAILY,
    backfill_policy=ONE_RUN,
    pool="raw",
    # Materialising one of them needs no question about the other.
    can_subset=True,
)
def raw_messages(
    context: dg.AssetExecutionContext, platform: PlatformResource, spark: dg.ResourceParam[LazySpark]
) -> Iterator[dg.MaterializeResult]:
    """A day is, of each Kafka partition, the offsets from its midnight to the next one's."""
    first, last = days_of(context)
    settings, lake = platform.settings, platform.lake
    refuse_former_tables(lake)
    for table in (tables.RAW_TRANSACTIONS, tables.RAW_LABELS):
        if dg.AssetKey(table.asset) not in context.selected_asset_keys:
            continue
        started, topic = time.monotonic(), ingest.topic_of(settings, table)
        days = topic_days(settings, lake, topic, first, last)
        passed = passed_over(scorer_events(settings)) if table == tables.RAW_TRANSACTIONS else []
        kept = ingest.ingest(lambda: spark.session, settings, lake, table, days, passed)
        if kept:
            context.log.warning("Kafka no longer has %s messages of %s: their rows were kept", kept, topic)
        yield dg.MaterializeResult(
            table.asset,
            metadata={
                **daily_table(lake, table, first, last, started),
                "offset_ranges": {topic: days.offsets},
                "rows_kept": kept,
            },
        )
