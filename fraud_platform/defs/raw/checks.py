"""Promises of the raw tables, held against the offset ranges of their last materialisation."""

from datetime import date

import dagster as dg

from fraud_platform.resources.platform import PlatformResource

MOST_REJECTED = 0.01
"""Share of rejected messages from which on somebody should look."""


def _counts(context: dg.AssetCheckExecutionContext, platform: PlatformResource) -> tuple[int, int, int]:
    """Offsets in the days materialised last, and the accepted and rejected rows that came of them."""
    event = context.instance.get_latest_materialization_event(dg.AssetKey("raw_transactions"))
    if event is None or event.asset_materialization is None:
        raise dg.Failure("raw_transactions was never materialised")
    facts = event.asset_materialization.metadata
    first, last = (date.fromisoformat(str(facts[name].value)) for name in ("first_day", "last_day"))
    topic = platform.settings.kafka_topic
    offsets = sum(end - start for start, end in facts["offset_ranges"].value[topic].values())  # type: ignore[union-attr, index, call-overload]
    accepted = sum(platform.lake.rows_by_date("raw/transactions", first, last).values())
    topics = platform.lake.read("raw/rejected", ["topic"], first, last)["topic"].to_pylist()
    return offsets, accepted, topics.count(topic)


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
