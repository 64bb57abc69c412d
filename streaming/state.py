"""The one Python stage of the stream: raw messages and a bucket's history → features and new history."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyspark.sql import DataFrame
from pyspark.sql.streaming.state import GroupState, GroupStateTimeout

from fraud_platform.core.features.events import COLUMNS, EVENT, NO_EVENTS, EventArray, events_from_columns
from fraud_platform.core.features.kernel import customer_features
from fraud_platform.core.features.table import CUSTOMER_FEATURES
from fraud_platform.schemas import decode_transactions

SCORED, REJECTED, DUPLICATE = "scored", "rejected", "duplicate"
IDENTIFIERS = ("transaction_id", "customer_id", "merchant_id")
CUSTOMER_NAMES = [f.name for f in CUSTOMER_FEATURES]
OUTPUT_SCHEMA = ", ".join(
    [
        "status string, partition int, offset bigint, timestamp_ms bigint",
        "key binary, value binary, field string, reason string",  # of rejected messages
        "transaction_id string, customer_id string, merchant_id string, event_time_ms bigint",
        *(f"{name} double" for name in CUSTOMER_NAMES),
    ]
)
STATE_SCHEMA = "history binary"


def with_features(messages: DataFrame) -> DataFrame:
    """One row of OUTPUT_SCHEMA for each message, whatever its status."""
    return messages.groupBy("bucket").applyInPandasWithState(
        _update_bucket, OUTPUT_SCHEMA, STATE_SCHEMA, "append", GroupStateTimeout.NoTimeout
    )


def _update_bucket(_: Any, frames: Iterator[pd.DataFrame], state: GroupState) -> Iterator[pd.DataFrame]:
    history = np.frombuffer(state.get[0], EVENT) if state.exists else NO_EVENTS
    # Kafka orders a customer's events within its partition; the shuffle does not keep that order.
    messages = pd.concat(list(frames), ignore_index=True).sort_values(["partition", "offset"], ignore_index=True)
    rows, history = transform(messages, history)
    state.update((history.tobytes(),))
    yield rows


def transform(messages: pd.DataFrame, history: EventArray) -> tuple[pd.DataFrame, EventArray]:
    """Pure core of the stage: rows of OUTPUT_SCHEMA in offset order, and the bucket's new history.

    messages: columns partition, offset, timestamp_ms, key, value in arrival order.
    """
    accepted, transactions, rejections = decode_transactions(
        messages["key"].tolist(), messages["value"].tolist(), messages["timestamp_ms"].tolist()
    )
    columns = {name: [getattr(t, name) for t in transactions] for name in COLUMNS}
    result = customer_features(history, events_from_columns(columns))

    n = len(messages)
    faulty = [r.index for r in rejections]
    values = np.zeros((len(CUSTOMER_NAMES), n))
    values[:, accepted] = result.values.T
    return pd.DataFrame(
        {
            "status": _scatter(n, REJECTED, accepted, np.where(result.duplicate, DUPLICATE, SCORED)),
            **{name: messages[name] for name in ("partition", "offset", "timestamp_ms")},
            **{name: _scatter(n, b"", faulty, messages[name].to_numpy()[faulty]) for name in ("key", "value")},
            "field": _scatter(n, "", faulty, [r.field for r in rejections]),
            "reason": _scatter(n, "", faulty, [r.reason for r in rejections]),
            **{name: _scatter(n, "", accepted, columns[name]) for name in IDENTIFIERS},
            "event_time_ms": _scatter(n, 0, accepted, columns["event_time_ms"]),
            **dict(zip(CUSTOMER_NAMES, values, strict=True)),
        },
        copy=False,
    ), result.history


def _scatter(n: int, default: Any, rows: list[int], values: Any) -> NDArray[Any]:
    """A column of length n with `values` at `rows` and the default, never a null, elsewhere."""
    column = np.full(n, default, np.int64 if default == 0 else object)
    column[rows] = values
    return column
