"""The one Python stage of the stream: raw messages of a Kafka partition and its state → features and new state."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyspark.sql import DataFrame

from fraud_platform.core.features.entity_events import entity_event_type, entity_events_of
from fraud_platform.core.features.event_layout import KEY, EventArray
from fraud_platform.core.features.matured_lookup import lookup_columns
from fraud_platform.declared import FEATURE_SET
from fraud_platform.storage.arrow_bytes import binary_of, pack, unpack
from fraud_platform.storage.clock import now_ms
from streaming.batch.received import PLACE, Received, received
from streaming.state.customers import PartitionState

SCORED, REJECTED, DUPLICATE = "scored", "rejected", "duplicate"
PLAN = FEATURE_SET.velocity
OF_FIELD = {name: f"field: {name}" for name in lookup_columns(FEATURE_SET)}
"""Field of an entity → its column, where the tables of matured features are asked for it."""
_IDENTIFIERS = {"transaction_id": FEATURE_SET.transaction, "customer_id": FEATURE_SET.key}
_TEXTS = _IDENTIFIERS | {column: name for name, column in OF_FIELD.items()}
"""Column → field. `customer_id` is the key, as the predictions call it."""
ROWS = pa.schema(
    [
        ("status", pa.string()),
        ("partition", pa.int32()),
        ("offset", pa.int64()),
        ("timestamp_ms", pa.int64()),
        *((name, pa.binary()) for name in ("key", "value")),  # of rejected messages, see received.Received
        ("value_bytes", pa.int64()),
        *((name, pa.string()) for name in ("field", "reason")),
        *((name, pa.string()) for name in _TEXTS),  # of the others
        ("event_time_ms", pa.int64()),
        ("customer_features", pa.binary(8 * len(FEATURE_SET.of_key))),  # float64
        ("entity_events", pa.binary(entity_event_type(PLAN).itemsize * len(PLAN.entities))),
    ]
)
"""What becomes of a message."""

HistoryOf = Callable[[NDArray[np.int64]], EventArray]
"""Trailing events of sorted, unique keys."""


def with_features(messages: DataFrame, state_folder: Path, batch_id: int) -> pa.Table:
    """A row of ROWS for each message of a micro-batch, whatever its status; writes the batch's state."""
    tables = features_as_arrow_bytes(messages, state_folder, batch_id).toArrow()["arrow_bytes"]
    return unpack(tables) if len(tables) else ROWS.empty_table()


def features_as_arrow_bytes(messages: DataFrame, state_folder: Path, batch_id: int) -> DataFrame:
    """What `with_features` returns as a column `arrow_bytes` (storage/arrow_bytes.py); evaluating it writes the state.

    Nothing is shuffled: a task reads one Kafka partition in offset order, and that is
    where all of a customer's transactions are.
    """
    return messages.mapInArrow(partial(_partition_rows, state_folder, batch_id), "arrow_bytes binary")


def _partition_rows(state_folder: Path, batch_id: int, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    messages = received(pa.Table.from_batches([batch]) for batch in batches)
    if not len(messages):
        return
    state = PartitionState(state_folder, messages.places["partition"][0].as_py(), batch_id)
    if (oldest_ms := oldest_arrival_ms(messages.arrivals_ms)) is not None:
        state.compact(oldest_ms)
    rows, kept = rows_of(messages, state.history)
    state.add(kept)
    # Not compressed: it goes to the next process and no further.
    yield pa.record_batch({"arrow_bytes": pa.array([pack(rows, compression=None)], pa.binary())})


def oldest_arrival_ms(arrivals_ms: NDArray[np.int64]) -> int | None:
    """The earliest timestamp of a batch's accepted messages, which says how old the state may be; None without any.

    Never one that is still to come: a single message from a producer whose clock runs ahead
    would have state dropped that others need.
    """
    return min(int(arrivals_ms.min()), now_ms()) if len(arrivals_ms) else None


def transform(messages: pa.Table, history_of: HistoryOf) -> tuple[pa.Table, EventArray]:
    """Pure core of the stage: ROWS in the same order, and the events that join the state.

    messages: columns partition, offset, timestamp_ms, key, value in arrival order.
    """
    return rows_of(received([messages]), history_of)


def rows_of(messages: Received, history_of: HistoryOf) -> tuple[pa.Table, EventArray]:
    """`transform` of messages that are decoded."""
    events = messages.events()
    arrangement = FEATURE_SET.kernel.arrange(history_of(np.unique(events[KEY])), events)
    result = FEATURE_SET.kernel.features_of(arrangement)

    n = len(messages)
    good, bad = _positions(n, messages.accepted), _positions(n, [r.index for r in messages.rejections])
    places, columns = messages.places, messages.columns
    rows = {
        "status": pa.array([REJECTED, SCORED, DUPLICATE]).take(_statuses(n, messages.accepted, result.duplicate)),
        **{name: places[name] for name in PLACE},
        "key": pa.array(messages.keys, pa.binary()).take(bad),
        "value": pa.array(messages.values, pa.binary()).take(bad),
        "value_bytes": pa.array(messages.value_bytes, pa.int64()).take(bad),
        "field": pa.array([r.field for r in messages.rejections], pa.string()).take(bad),
        "reason": pa.array([r.reason for r in messages.rejections], pa.string()).take(bad),
        **{name: pa.array(columns[field], pa.string()).take(good) for name, field in _TEXTS.items()},
        "event_time_ms": pa.array(columns[FEATURE_SET.time], pa.int64()).take(good),
        "customer_features": binary_of(result.values).take(good),
        "entity_events": binary_of(entity_events_of(PLAN, arrangement)).take(good),
    }
    return pa.table(rows, schema=ROWS), result.kept


def _positions(n: int, rows: list[int]) -> pa.Array:
    """For each of n rows its position in `rows`, null where it is not there."""
    position = np.full(n, -1, np.int64)
    position[rows] = np.arange(len(rows))
    return pa.array(position, mask=position < 0)


def _statuses(n: int, accepted: list[int], duplicate: NDArray[np.bool_]) -> NDArray[Any]:
    status = np.zeros(n, np.int8)
    status[accepted] = np.where(duplicate, 2, 1)
    return status
