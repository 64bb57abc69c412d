"""Rows of transactions and labels, and what is read of them."""

from datetime import date

import pandas as pd
import pyarrow as pa

from fraud_platform.core.features.event_layout import EventArray
from fraud_platform.declared import FEATURE_SET
from fraud_platform.messages.arrow_schemas import DATED_PLACE, POSITION
from fraud_platform.messages.declared.arrow import encoded
from fraud_platform.pipeline import tables
from fraud_platform.storage.lake import Lake

REPORT_SCHEMA = pa.schema(
    [
        *(POSITION.field(name) for name in DATED_PLACE),
        ("transaction_id", pa.string()),
        ("customer_id", pa.string()),
        ("source", pa.string()),
        ("is_fraud", pa.bool_()),
        ("reported_at_ms", pa.int64()),
    ]
)
"""Columns of labels that tell what was known of a transaction when; `customer_id` is what a report calls key."""
REPORT_COLUMNS = REPORT_SCHEMA.names


def in_arrival_order(rows: pa.Table) -> pa.Table:
    """Rows sorted by POSITION: by day first, since customers move when a topic gets new partitions."""
    return rows.sort_by([(name, "ascending") for name in ("date", "kafka_partition", "kafka_offset")])


def report_rows(
    lake: Lake, first: date | None = None, last: date | None = None, version: int | None = None
) -> pa.Table:
    """REPORT_SCHEMA of the reports that arrived from day to day, both included, in no order.

    Rows that an earlier release wrote have no customer_id and no source: both are null.
    """
    return lake.read(tables.LABELS, REPORT_COLUMNS, first, last, version)


def read_reports(
    lake: Lake, first: date | None = None, last: date | None = None, version: int | None = None
) -> pd.DataFrame:
    """The same in arrival order."""
    return in_arrival_order(report_rows(lake, first, last, version)).to_pandas(date_as_object=False)


def events_of(rows: pa.Table) -> EventArray:
    """Event rows of rows with the columns of TRANSACTION, in the same order."""
    return FEATURE_SET.layout.rows_of(
        lambda field: encoded(field, rows[field.name]), rows["kafka_timestamp_ms"].to_numpy()
    )
