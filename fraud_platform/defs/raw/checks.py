"""Promises of the raw tables, held against what was read of Kafka."""

from collections.abc import Sequence

import dagster as dg

from fraud_platform.defs.metadata import last_days
from fraud_platform.operations.raw_account import raw_account
from fraud_platform.pipeline import tables
from fraud_platform.pipeline.ingest import topic_of
from fraud_platform.pipeline.readings import days_apart, readings
from fraud_platform.pipeline.topic_days import ONE_DAY
from fraud_platform.resources.platform import PlatformResource
from fraud_platform.storage.lake import Table

MOST_GAPS = 20
"""Named in a check's description; all of them are in its metadata."""


def _every_offset_is_accounted_for(table: Table) -> dg.AssetChecksDefinition:
    @dg.asset_check(asset=table.asset, name="every_offset_is_accounted_for")
    def check(context: dg.AssetCheckExecutionContext, platform: PlatformResource) -> dg.AssetCheckResult:
        """Each offset of the days is one row, or Kafka was read there and had no message."""
        first, last = last_days(context, table.asset)
        found = raw_account(platform.settings, platform.lake, table, first, last)
        faults = []
        if not found.days:
            faults.append("nothing was read: materialise the days again")
        if found.never_read:
            faults.append(f"{found.never_read:,} offsets are lost: {_listed(found.gaps)}")
        if found.lost:
            faults.append(f"{found.lost:,} messages have no row: materialise {table.asset} for these days again")
        if found.rows != found.noted:
            faults.append(f"the table has {found.rows:,} rows, and {found.noted:,} were written")
        return dg.AssetCheckResult(
            passed=not faults,
            description="; ".join(faults) or None,
            metadata={
                "offsets": found.offsets,
                "rows": found.rows,
                "without_message": found.without_message,
                "lost": found.lost,
                "never_read": found.never_read,
                "gaps": list(found.gaps),
            },
        )

    return check


def _consecutive_days_meet(table: Table) -> dg.AssetChecksDefinition:
    @dg.asset_check(asset=table.asset, name="consecutive_days_meet")
    def check(context: dg.AssetCheckExecutionContext, platform: PlatformResource) -> dg.AssetCheckResult:
        """No offset lies between a day and the next one: what came after a midnight is of the day that follows it."""
        first, last = last_days(context, table.asset)
        around = readings(platform.lake, topic_of(platform.settings, table), first - ONE_DAY, last + ONE_DAY)
        between = days_apart(around)
        return dg.AssetCheckResult(
            passed=not between,
            description=_listed(between) or None,
            metadata={"meetings": len(around), "between": between},
        )

    return check


def _listed(names: Sequence[str]) -> str:
    more = f", and {len(names) - MOST_GAPS} more" if len(names) > MOST_GAPS else ""
    return "; ".join(names[:MOST_GAPS]) + more


_PROMISES = (_every_offset_is_accounted_for, _consecutive_days_meet)
CHECKS = [promise(table) for table in (tables.RAW_TRANSACTIONS, tables.RAW_LABELS) for promise in _PROMISES]
