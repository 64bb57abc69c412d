"""How numbers are shown on an asset's page."""

from collections.abc import Mapping
from datetime import date

import dagster as dg

MOST_DAYS = 100


def rows_per_day(counts: Mapping[date, int]) -> dg.MarkdownMetadataValue:
    """A table of days and rows; only its first MOST_DAYS lines where there are more."""
    lines = [f"| {day} | {rows:,} |" for day, rows in list(counts.items())[:MOST_DAYS]]
    return dg.MetadataValue.md("\n".join(["| day | rows |", "|---|---:|", *lines]))


def table_metadata(counts: Mapping[date, int], version: int, seconds: float) -> dict[str, dg.MetadataValue]:
    """What every daily table tells about the days just written."""
    return {
        "dagster/row_count": dg.MetadataValue.int(sum(counts.values())),
        "table_version": dg.MetadataValue.int(version),
        "seconds": dg.MetadataValue.float(round(seconds, 1)),
        "rows_per_day": rows_per_day(counts),
    }
