"""Messages of the predictions topic → rows of serving/predictions."""

import msgspec
import pyarrow as pa

from fraud_platform.defs.raw.messages import structs_to_table
from fraud_platform.schemas import Prediction
from fraud_platform.storage.topic_days import POSITION

PREDICTION = pa.schema(
    [
        *POSITION,
        ("transaction_id", pa.string()),
        ("customer_id", pa.string()),
        ("event_time_ms", pa.int64()),
        ("probability", pa.float64()),
        ("threshold", pa.float64()),
        ("is_fraud", pa.bool_()),
        ("model_name", pa.string()),
        ("model_version", pa.int32()),
        ("reasons", pa.list_(pa.string())),
        ("source_partition", pa.int32()),
        ("source_offset", pa.int64()),
        ("scored_at_ms", pa.int64()),
        ("merchant_risk_date", pa.string()),
        ("feature_set", pa.string()),
        ("features", pa.list_(pa.float64())),
    ]
)


def prediction_rows(batch: pa.RecordBatch) -> pa.Table:
    """Rows of PREDICTION. The scorer is the topic's only writer, so a malformed message is an error, not a row."""
    decode = msgspec.json.Decoder(Prediction).decode
    rows = pa.Table.from_batches([batch]).select(POSITION.names)
    fields = structs_to_table([decode(value) for value in batch["value"].to_pylist()], Prediction)
    for name in fields.column_names:
        rows = rows.append_column(name, fields[name])
    return rows
