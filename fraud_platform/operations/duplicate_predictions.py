"""Predictions that were made twice, on one day or days apart: what is scored again lands on the day it is."""

from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from fraud_platform.pipeline import tables
from fraud_platform.storage.kafka_offsets import OffsetRange
from fraud_platform.storage.lake import Lake

OFFSETS_AT_ONCE = 4_000_000
"""Offsets of a partition that are held in memory, of all days that have predictions on them."""
_TABLE = tables.PREDICTIONS


def repeated_predictions(lake: Lake, first: date, last: date) -> int:
    """Predictions too many on the source offsets between the lowest and the highest that the days have."""
    repeated = 0
    for partition, (start, end) in _source_offsets(lake, first, last).items():
        for low in range(start, end, OFFSETS_AT_ONCE):
            offset, high = pc.field("source_offset"), min(low + OFFSETS_AT_ONCE, end)
            within = (pc.field("source_partition") == partition) & (offset >= low) & (offset < high)
            offsets = lake.read(_TABLE, ["source_offset"], where=within)["source_offset"]
            repeated += len(offsets) - pc.count_distinct(offsets).as_py()
    return repeated


def _source_offsets(lake: Lake, first: date, last: date) -> OffsetRange:
    lowest, highest = ("source_offset", "min"), ("source_offset", "max")
    ranges: OffsetRange = {}
    for day in (day for day in lake.dates(_TABLE) if first <= day <= last):
        places: pa.Table = lake.read(_TABLE, ["source_partition", "source_offset"], day, day)
        for row in places.group_by("source_partition").aggregate([lowest, highest]).to_pylist():
            low, high = row["source_offset_min"], row["source_offset_max"] + 1
            start, end = ranges.get(row["source_partition"], (low, high))
            ranges[row["source_partition"]] = min(start, low), max(end, high)
    return ranges
