"""Promises of the raw tables, held against the offset ranges of their last materialisation."""

import dagster as dg

from fraud_platform.defs.metadata import last_days, last_materialisation
from fraud_platform.resources.platform import PlatformResource

MOST_REJECTED = 0.01
"""Share of rejected messages from which on somebody should look."""


def _counts(context: dg.AssetCheckExecutionContext, platform: PlatformResource) -> tuple[int, int, int]:
    """Offsets in the days materialised last, and the accepted and rejected rows that came of them."""
    first, last = last_days(context, "raw_transactions")
    topic = platform.settings.kafka_topic
    ranges = last_materialisation(context, "raw_transactions")["offset_ranges"][topic]
    accepted = platform.lake.row_count("raw/transactions", first, last)
    topics = platform.lake.read("raw/rejected", ["topic"], first, last)["topic"].to_pylist()
    return sum(end - start for start, end in ranges.values()), accepted, topics.count(topic)


@dg.asset_check(asset="raw_transactions")
def every_offset_is_accounted_for(
    context: dg.AssetCheckExecutionContext, platform: PlatformResource
) -> dg.AssetCheckResult:
    """Each offset of the days is one row, accepted or rejected."""
    offsets, accepted, rejected = _counts(context, platform)
    return dg.AssetCheckResult(
        passed=accepted + rejected == offsets,
        metadata={"offsets": offsets, "accepted": accepted, "rejected": rejected},
    )


@dg.asset_check(asset="raw_transactions")
def few_messages_are_rejected(
    context: dg.AssetCheckExecutionContext, platform: PlatformResource
) -> dg.AssetCheckResult:
    """At most 1 % of the messages are rejected; raw_rejected says why each of them was."""
    _, accepted, rejected = _counts(context, platform)
    share = rejected / max(accepted + rejected, 1)
    return dg.AssetCheckResult(
        passed=share <= MOST_REJECTED,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"rejected": rejected, "share": share},
    )
