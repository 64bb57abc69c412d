"""Into how many buckets of customers or merchants the rows are dealt: one kernel call each."""

from datetime import date

from fraud_platform.settings import Settings
from fraud_platform.storage.lake import Lake

ROWS_PER_BUCKET = 250_000
"""Bounds the memory of one kernel call to about 0.5 GB, columns and values together."""


def bucket_count(settings: Settings, lake: Lake, first: date, last: date) -> int:
    """Enough for the accepted transactions of the days, and for all cores."""
    rows = lake.row_count("raw/transactions", first, last)
    return max(settings.spark_shuffle_partitions, -(-rows // ROWS_PER_BUCKET))
