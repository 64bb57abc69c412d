"""Raw rows → rows of transactions, labels and rejected: pure functions over Arrow batches, one for each topic."""

import pyarrow as pa

from fraud_platform.declared import DECLARATION
from fraud_platform.messages.arrow_schemas import (
    LABEL_COLUMNS,
    LABEL_FIELDS,
    PASSED_OVER,
    POSITION,
    REJECTED_FIELDS,
    structs_to_table,
)
from fraud_platform.messages.declared.arrow import arrow_table
from fraud_platform.messages.decoding import Rejection, decode_labels
from fraud_platform.messages.transactions import DECODER


def transaction_rows(raw: pa.RecordBatch) -> pa.Table:
    """Rows of TRANSACTION_OR_REJECTED, in no particular order, of rows of RAW."""
    keys, values, times, passed = (
        raw[name].to_pylist() for name in ("key", "value", "kafka_timestamp_ms", PASSED_OVER)
    )
    decoded = DECODER.decode(keys, values, times, passed)
    return _together(raw, decoded.accepted, arrow_table(DECLARATION, decoded.columns), decoded.rejections)


def label_rows(raw: pa.RecordBatch) -> pa.Table:
    """Rows of LABEL_OR_REJECTED, in no particular order, of rows of RAW."""
    accepted, labels, rejected = decode_labels(raw["value"].to_pylist(), raw["kafka_timestamp_ms"].to_pylist())
    fields = structs_to_table(labels, LABEL_FIELDS, LABEL_COLUMNS)
    return _together(raw, accepted, fields, rejected)


def _together(raw: pa.RecordBatch, accepted: list[int], fields: pa.Table, rejected: list[Rejection]) -> pa.Table:
    """Accepted and rejected rows under one schema; columns of the other kind are null."""
    rows = pa.Table.from_batches([raw])
    good = rows.select(POSITION.names).take(pa.array(accepted, pa.int64()))
    for name in fields.column_names:
        good = good.append_column(name, fields[name])
    bad = rows.select([*POSITION.names, *REJECTED_FIELDS.names[:3]])
    bad = bad.take(pa.array([r.index for r in rejected], pa.int64()))
    bad = bad.append_column("field", pa.array([r.field for r in rejected], pa.string()))
    bad = bad.append_column("reason", pa.array([r.reason for r in rejected], pa.string()))
    return pa.concat_tables([good, bad], promote_options="permissive")
