"""Kafka messages → rows of the raw tables: pure functions over Arrow batches, one for each topic."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import pyarrow as pa

from fraud_platform.schemas import Label, Rejection, Transaction, decode_labels, decode_transactions
from fraud_platform.storage.topic_days import POSITION

_REJECTED_FIELDS = pa.schema(
    [
        ("topic", pa.string()),
        ("key", pa.binary()),
        ("value", pa.binary()),
        ("field", pa.string()),
        ("reason", pa.string()),
    ]
)
_TRANSACTION_FIELDS = pa.schema(
    [
        ("transaction_id", pa.string()),
        ("customer_id", pa.string()),
        ("merchant_id", pa.string()),
        ("event_time_ms", pa.int64()),
        ("amount", pa.float64()),
        ("device_id", pa.string()),
        ("channel", pa.string()),
        ("country", pa.string()),
        ("latitude", pa.float64()),
        ("longitude", pa.float64()),
    ]
)
_LABEL_FIELDS = pa.schema([("transaction_id", pa.string()), ("is_fraud", pa.bool_()), ("reported_at_ms", pa.int64())])

REJECTED = pa.schema([*POSITION, *_REJECTED_FIELDS])
TRANSACTION = pa.schema([*POSITION, *_TRANSACTION_FIELDS])
LABEL = pa.schema([*POSITION, *_LABEL_FIELDS])
TRANSACTION_OR_REJECTED = pa.schema([*TRANSACTION, *_REJECTED_FIELDS])
LABEL_OR_REJECTED = pa.schema([*LABEL, *_REJECTED_FIELDS])
"""`reason` is null in accepted rows; all but POSITION and `topic` of the others is null in rejected ones."""


def transaction_rows(topic: str) -> Callable[[pa.RecordBatch], pa.Table]:
    """Decoder of messages (POSITION, key, value) into rows of TRANSACTION_OR_REJECTED."""

    def rows(batch: pa.RecordBatch) -> pa.Table:
        keys, values, times = (batch[name].to_pylist() for name in ("key", "value", "kafka_timestamp_ms"))
        accepted, transactions, rejected = decode_transactions(keys, values, times)
        return _together(batch, accepted, structs_to_table(transactions, Transaction), rejected, topic)

    return rows


def label_rows(topic: str) -> Callable[[pa.RecordBatch], pa.Table]:
    """Decoder of messages (POSITION, key, value) into rows of LABEL_OR_REJECTED."""

    def rows(batch: pa.RecordBatch) -> pa.Table:
        accepted, labels, rejected = decode_labels(batch["value"].to_pylist(), batch["kafka_timestamp_ms"].to_pylist())
        return _together(batch, accepted, structs_to_table(labels, Label), rejected, topic)

    return rows


def structs_to_table(structs: Sequence[msgspec.Struct], struct: type[msgspec.Struct]) -> pa.Table:
    """The structs' fields as columns, of null type where there is no struct."""
    rows = map(msgspec.structs.astuple, structs)
    columns: Any = zip(*rows, strict=True) if structs else [()] * len(struct.__struct_fields__)
    return pa.table(dict(zip(struct.__struct_fields__, map(pa.array, columns), strict=True)))


def _together(
    batch: pa.RecordBatch, accepted: list[int], fields: pa.Table, rejected: list[Rejection], topic: str
) -> pa.Table:
    """Accepted and rejected rows under one schema; columns of the other kind are null."""
    positions = pa.Table.from_batches([batch]).select(POSITION.names)
    good = positions.take(pa.array(accepted, pa.int64()))
    for name in fields.column_names:
        good = good.append_column(name, fields[name])
    bad = pa.Table.from_batches([batch]).take(pa.array([r.index for r in rejected], pa.int64()))
    bad = bad.append_column("topic", pa.repeat(topic, len(rejected)))
    bad = bad.append_column("field", pa.array([r.field for r in rejected], pa.string()))
    bad = bad.append_column("reason", pa.array([r.reason for r in rejected], pa.string()))
    return pa.concat_tables([good, bad], promote_options="permissive")
