"""Promises of the decoded tables, held against the raw ones."""

import dagster as dg

from fraud_platform.defs.metadata import last_days
from fraud_platform.messages.declared.envelope import DELETION
from fraud_platform.pipeline.decode import SOURCES
from fraud_platform.pipeline.decode_checks import decoded
from fraud_platform.pipeline.tables import REJECTIONS
from fraud_platform.resources.platform import PlatformResource
from fraud_platform.storage.lake import Table

MOST_REJECTED = 0.01
"""Share of rejected messages from which on somebody should look."""
MOST_REASONS = 5


def _every_message_is_decoded(table: Table) -> dg.AssetChecksDefinition:
    @dg.asset_check(asset=table.asset, name="every_message_is_decoded", additional_deps=[REJECTIONS.asset])
    def check(context: dg.AssetCheckExecutionContext, platform: PlatformResource) -> dg.AssetCheckResult:
        """Each raw message of the days is accepted, rejected, or a deletion, once."""
        first, last = last_days(context, table.asset)
        found = decoded(platform.settings, platform.lake, table, first, last)
        rows = found.accepted + found.rejected + found.deletions
        return dg.AssetCheckResult(
            passed=rows == found.messages,
            description=(
                None
                if rows == found.messages
                else f"{found.messages:,} messages gave {rows:,} rows: materialise {table.asset} and "
                f"{REJECTIONS.asset} for {first} to {last}"
            ),
            metadata={
                "messages": found.messages,
                "accepted": found.accepted,
                "rejected": found.rejected,
                "deletions": found.deletions,
            },
        )

    return check


def _few_messages_are_rejected(table: Table) -> dg.AssetChecksDefinition:
    @dg.asset_check(asset=table.asset, name="few_messages_are_rejected", additional_deps=[REJECTIONS.asset])
    def check(context: dg.AssetCheckExecutionContext, platform: PlatformResource) -> dg.AssetCheckResult:
        """At most 1 % of the messages are rejected."""
        found = decoded(platform.settings, platform.lake, table, *last_days(context, table.asset))
        share = found.rejected / max(found.messages, 1)
        reasons = [r.words for r in found.rejections if r.reason != DELETION]
        return dg.AssetCheckResult(
            passed=share <= MOST_REJECTED,
            severity=dg.AssetCheckSeverity.WARN,
            description="; ".join(reasons[:MOST_REASONS]) or None,
            metadata={"rejected": found.rejected, "share": share, "reasons": reasons[:100]},
        )

    return check


CHECKS = [make(table) for table in SOURCES for make in (_every_message_is_decoded, _few_messages_are_rejected)]
