"""What stands on an asset's page, and reading it back in a check."""

import base64
import time
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import dagster as dg

from fraud_platform.defs.columns import schema_of
from fraud_platform.storage.lake import Lake, Table

MOST_DAYS = 100


def table_of_messages(table: Table, deps: Sequence[str], group: str, description: str) -> dg.AssetSpec:
    """A table that is made of a topic's messages; others of its group can be materialised without it."""
    return dg.AssetSpec(
        table.asset,
        deps=deps,
        group_name=group,
        kinds={"spark", "deltalake"},
        description=description,
        metadata=schema_of(table),
        skippable=True,
    )


def daily_table(lake: Lake, table: Table, first: date, last: date, started: float) -> dict[str, Any]:
    """What a daily table tells about the days just written; `started` is a time.monotonic()."""
    counts = lake.rows_by_date(table, first, last)
    return {
        "dagster/row_count": sum(counts.values()),
        "table_version": lake.version(table),
        "seconds": round(time.monotonic() - started, 1),
        "first_day": str(first),
        "last_day": str(last),
        "rows_per_day": _rows_per_day(counts),
    }


def image(name: str, png: bytes) -> dg.MarkdownMetadataValue:
    """A picture that Dagster shows without asking another server."""
    return dg.MetadataValue.md(f"![{name}](data:image/png;base64,{base64.b64encode(png).decode()})")


def latest_metadata(instance: dg.DagsterInstance, asset: dg.AssetKey) -> dict[str, Any] | None:
    """Plain values of the metadata of an asset's latest materialisation; None where there is none."""
    event = instance.get_latest_materialization_event(asset)
    if event is None or event.asset_materialization is None:
        return None
    return {name: value.value for name, value in event.asset_materialization.metadata.items()}


def last_materialisation(context: dg.AssetCheckExecutionContext, asset: dg.AssetKey) -> dict[str, Any]:
    """The same for a check, in this run or before it; without a materialisation there is nothing to check."""
    metadata = latest_metadata(context.instance, asset)
    if metadata is None:
        raise dg.Failure(f"there is nothing to check: materialise {asset.to_user_string()} first")
    return metadata


def last_days(context: dg.AssetCheckExecutionContext, asset: str) -> tuple[date, date]:
    """First and last day that an asset was materialised for last."""
    values = last_materialisation(context, dg.AssetKey(asset))
    return date.fromisoformat(values["first_day"]), date.fromisoformat(values["last_day"])


def _rows_per_day(counts: Mapping[date, int]) -> dg.MarkdownMetadataValue:
    lines = [f"| {day} | {rows:,} |" for day, rows in list(counts.items())[:MOST_DAYS]]
    return dg.MetadataValue.md("\n".join(["| day | rows |", "|---|---:|", *lines]))
