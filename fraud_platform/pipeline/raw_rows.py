"""Messages of a source topic as they were received: rows of raw/transactions and raw/labels."""

from collections.abc import Callable

import pyarrow as pa

from fraud_platform.messages.arrow_schemas import PASSED_OVER, RAW


def raw_rows(topic: str) -> Callable[[pa.RecordBatch], pa.Table]:
    """Makes rows of RAW of messages (date, MESSAGE and perhaps PASSED_OVER)."""

    def rows(batch: pa.RecordBatch) -> pa.Table:
        table = pa.Table.from_batches([batch])
        if PASSED_OVER not in table.column_names:
            table = table.append_column(PASSED_OVER, pa.nulls(len(table), pa.string()))
        table = table.append_column("topic", pa.repeat(topic, len(table)))
        return table.append_column("as_received", table[PASSED_OVER].is_null()).select(RAW.names)

    return rows
