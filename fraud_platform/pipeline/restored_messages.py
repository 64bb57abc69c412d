"""Decoded rows encoded anew, for a lake of a release that kept no bytes: they decode to the same rows."""

from collections.abc import Sequence

import msgspec
import pyarrow as pa

from fraud_platform.messages.arrow_schemas import HEADERS, PASSED_OVER, POSITION, RAW
from fraud_platform.messages.schemas import SCHEMA_VERSION, Label, Transaction, encode


def restored_transactions(rows: pa.RecordBatch, topic: str) -> pa.Table:
    """Rows of RAW that decode to these rows of `transactions`."""
    return _restored(rows, topic, Transaction, "customer_id")


def restored_labels(rows: pa.RecordBatch, topic: str) -> pa.Table:
    """Rows of RAW that decode to these rows of `labels`."""
    return _restored(rows, topic, Label, "transaction_id")


def _restored(rows: pa.RecordBatch, topic: str, struct: type[msgspec.Struct], key: str) -> pa.Table:
    names = [name for name in struct.__struct_fields__ if name in rows.schema.names]
    fields: Sequence[Sequence[object]] = [rows[name].to_pylist() for name in names]
    messages = [
        encode(struct(schema_version=SCHEMA_VERSION, **dict(zip(names, values, strict=True))))
        for values in zip(*fields, strict=True)
    ]
    columns = {
        **{name: rows[name] for name in POSITION.names},
        "topic": pa.repeat(topic, len(rows)),
        "key": rows[key].cast(pa.binary()),
        "value": pa.array(messages, pa.binary()),
        "headers": pa.nulls(len(rows), HEADERS),
        "as_received": pa.repeat(False, len(rows)),
        PASSED_OVER: pa.nulls(len(rows), pa.string()),
    }
    return pa.table({name: columns[name] for name in RAW.names}).cast(RAW)
