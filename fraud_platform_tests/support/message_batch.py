"""A batch of messages as the scorer's source gives it, and customers without a history."""

import numpy as np
import pyarrow as pa

from fraud_platform.core.features.event_layout import EventArray
from fraud_platform_tests.support.bad_messages import EVENT_TIME_MS, KEY, valid
from fraud_platform_tests.support.simulated_world import LAYOUT


def messages(rows: list[tuple[bytes | None, bytes | None]], first_offset: int = 0) -> pa.Table:
    keys, values = zip(*rows, strict=True)
    offsets = range(first_offset, first_offset + len(rows))
    return pa.table(
        {
            "partition": pa.array([0] * len(rows), pa.int32()),
            "offset": pa.array(offsets, pa.int64()),
            "timestamp_ms": pa.array([EVENT_TIME_MS] * len(rows), pa.int64()),
            "key": pa.array(keys, pa.binary()),
            "value": pa.array(values, pa.binary()),
        }
    )


def good(i: int) -> tuple[bytes, bytes]:
    return KEY, valid(transaction_id=f"T{i}", amount=float(i), event_time_ms=EVENT_TIME_MS - 60_000 + i)


def no_history(customers: np.ndarray) -> EventArray:
    return LAYOUT.empty
