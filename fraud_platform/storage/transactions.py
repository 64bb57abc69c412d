"""Rows of raw/transactions and raw/labels, and what is read of them."""

from datetime import date

import pandas as pd
import pyarrow as pa

from fraud_platform.core.features.events import COLUMNS, EventArray, events_from_columns
from fraud_platform.storage.lake import Lake
from fraud_platform.storage.topic_days import DATED_PLACE, POSITION

EVENT_SCHEMA = pa.schema(
    [
        *POSITION,
        ("customer_id", pa.string()),
        ("transaction_id", pa.string()),
        ("merchant_id", pa.string()),
        ("device_id", pa.string()),
        ("event_time_ms", pa.int64()),
        ("amount", pa.float64()),
        ("latitude", pa.float64()),
        ("longitude", pa.float64()),
        ("country", pa.string()),
        ("channel", pa.string()),
    ]
)
"""Columns of raw/transactions that features are made of."""
REPORT_COLUMNS = [*DATED_PLACE, "transaction_id", "is_fraud", "reported_at_ms"]
"""Columns of raw/labels that tell what was known of a transaction when."""


def in_arrival_order(rows: pa.Table) -> pa.Table:
    """Rows sorted by POSITION: by day first, since customers move when a topic gets new partitions."""
    return rows.sort_by([(name, "ascending") for name in ("date", "kafka_partition", "kafka_offset")])


def read_reports(
    lake: Lake, first: date | None = None, last: date | None = None, version: int | None = None
) -> pd.DataFrame:
    """REPORT_COLUMNS of the reports that arrived from day to day, both included, in arrival order."""
    rows = in_arrival_order(lake.read("raw/labels", REPORT_COLUMNS, first, last, version))
    return rows.to_pandas(date_as_object=False)


def events_of(rows: pa.Table) -> EventArray:
    """EVENT rows of rows with the columns of EVENT_SCHEMA, in the same order."""
    columns = {name: rows[name].to_pandas().to_numpy() for name in COLUMNS}
    return events_from_columns(columns, rows["kafka_timestamp_ms"].to_numpy())
