"""Decoded tables: what the raw messages say, accepted or rejected, nothing in between."""

import time
from collections.abc import Iterator

import dagster as dg

from fraud_platform.defs.metadata import daily_table, table_of_messages
from fraud_platform.defs.partitions import DAILY, ONE_RUN, days_of
from fraud_platform.pipeline.decode import decode
from fraud_platform.pipeline.readings import refuse_unread_days
from fraud_platform.pipeline.rejections import Rejections, rejections_of
from fraud_platform.pipeline.tables import LABELS, RAW_LABELS, RAW_TRANSACTIONS, REJECTIONS, TRANSACTIONS
from fraud_platform.resources.platform import PlatformResource
from fraud_platform.resources.spark import LazySpark

MOST_REASONS = 20


GROUP = "decoded"


@dg.multi_asset(
    specs=[
        table_of_messages(TRANSACTIONS, [RAW_TRANSACTIONS.asset], GROUP, "Accepted transactions."),
        table_of_messages(LABELS, [RAW_LABELS.asset], GROUP, "Accepted fraud reports and reversals, as they arrived."),
        table_of_messages(
            REJECTIONS,
            [RAW_TRANSACTIONS.asset, RAW_LABELS.asset],
            GROUP,
            "Messages that were not accepted: as received, with the field at fault and the reason.",
        ),
    ],
    partitions_def=DAILY,
    backfill_policy=ONE_RUN,
    pool="decoded",
    can_subset=True,
)
def decoded_messages(
    context: dg.AssetExecutionContext, platform: PlatformResource, spark: dg.ResourceParam[LazySpark]
) -> Iterator[dg.MaterializeResult]:
    """Decodes the stored bytes, so it can be done again when Kafka has deleted the messages."""
    started = time.monotonic()
    first, last = days_of(context)
    settings, lake = platform.settings, platform.lake
    tables = [t for t in (TRANSACTIONS, LABELS, REJECTIONS) if dg.AssetKey(t.asset) in context.selected_asset_keys]
    topics = {TRANSACTIONS: [settings.kafka_topic], LABELS: [settings.kafka_labels_topic]}
    topics[REJECTIONS] = [settings.kafka_topic, settings.kafka_labels_topic]
    refuse_unread_days(lake, {topic for table in tables for topic in topics[table]}, first, last)
    decode(lambda: spark.session, lake, tables, first, last)
    for table in tables:
        metadata = daily_table(lake, table, first, last, started)
        if table == REJECTIONS:
            metadata["reasons"] = _reasons(rejections_of(lake, first, last))
        yield dg.MaterializeResult(table.asset, metadata=metadata)


def _reasons(counts: list[Rejections]) -> dg.MarkdownMetadataValue:
    """How many messages each field and reason cost, most first."""
    lines = [f"| {r.topic} | {r.field} | {r.reason} | {r.messages:,} |" for r in counts[:MOST_REASONS]]
    return dg.MetadataValue.md("\n".join(["| topic | field | reason | messages |", "|---|---|---|---:|", *lines]))
