"""The one Python stage of the stream: raw messages of a Kafka partition and its state → features and new state."""

from collections.abc import Callable, Iterator
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyspark.sql import DataFrame

from fraud_platform.core.features.events import COLUMNS, EventArray, events_from_columns
from fraud_platform.core.features.kernel import arrange, features_of
from fraud_platform.core.features.table import CUSTOMER_FEATURES
from fraud_platform.core.features.visits import ENTITIES, VISIT, customer_visits
from fraud_platform.schemas import decode_transactions
from fraud_platform.storage.clock import now_ms
from fraud_platform.storage.packed import binary_of, pack, unpack
from streaming.state import PartitionState

SCORED, REJECTED, DUPLICATE = "scored", "rejected", "duplicate"
IDENTIFIERS = ("transaction_id", "customer_id", "merchant_id")
ROWS = pa.schema(
    [
        ("status", pa.string()),
        ("partition", pa.int32()),
        ("offset", pa.int64()),
        ("timestamp_ms", pa.int64()),
        *((name, pa.binary()) for name in ("key", "value")),  # of rejected messages
        *((name, pa.string()) for name in ("field", "reason")),
        *((name, pa.string()) for name in IDENTIFIERS),  # of the others
        ("event_time_ms", pa.int64()),
        ("customer_features", pa.binary(8 * len(CUSTOMER_FEATURES))),  # float64
        ("visits", pa.binary(VISIT.itemsize * len(ENTITIES))),
    ]
)
"""What becomes of a message."""

HistoryOf = Callable[[NDArray[np.int64]], EventArray]
"""Trailing events of sorted, unique customers."""


def with_features(messages: DataFrame, state_folder: Path, batch_id: int) -> pa.Table:
    """A row of ROWS for each message of a micro-batch, whatever its status; writes the batch's state."""
    packed = packed_features(messages, state_folder, batch_id).toArrow()["packed"]
    return unpack(packed) if len(packed) else ROWS.empty_table()


def packed_features(messages: DataFrame, state_folder: Path, batch_id: int) -> DataFrame:
    """Column `packed` (storage/packed.py) of what `with_features` returns; evaluating it writes the state.

    Nothing is shuffled: a task reads one Kafka partition in offset order, and that is
    where all of a customer's transactions are.
    """
    return messages.mapInArrow(partial(_partition_rows, state_folder, batch_id), "packed binary")


def _partition_rows(state_folder: Path, batch_id: int, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    received = list(batches)
    if not received:
        return
    messages = pa.Table.from_batches(received)
    state = PartitionState(state_folder, messages["partition"][0].as_py(), batch_id)
    state.compact(oldest_arrival_ms(messages))
    rows, kept = transform(messages, state.history)
    state.add(kept)
    # Not compressed: it goes to the next process and no further.
    yield pa.record_batch({"packed": pa.array([pack(rows, compression=None)], pa.binary())})


def oldest_arrival_ms(messages: pa.Table) -> int:
    """The earliest timestamp of a batch, which says how old the state may be.

    Never one that is still to come: a single message from a producer whose clock is years
    ahead would have all of the state dropped.
    """
    return min(pc.min(messages["timestamp_ms"]).as_py(), now_ms())


def transform(messages: pa.Table, history_of: HistoryOf) -> tuple[pa.Table, EventArray]:
    """Pure core of the stage: ROWS in the same order, and the events that join the state.

    messages: columns partition, offset, timestamp_ms, key, value in arrival order.
    """
    keys, values, times = (messages[name].to_pylist() for name in ("key", "value", "timestamp_ms"))
    accepted, transactions, rejections = decode_transactions(keys, values, times)
    columns = {name: list(map(attrgetter(name), transactions)) for name in COLUMNS}
    events = events_from_columns(columns, np.asarray(times, np.int64)[accepted])
    arrangement = arrange(history_of(np.unique(events["customer"])), events)
    result = features_of(arrangement)

    n = len(messages)
    good, bad = _places(n, accepted), _places(n, [r.index for r in rejections])
    status = pa.array([REJECTED, SCORED, DUPLICATE]).take(_statuses(n, accepted, result.duplicate))
    rejected_only = pc.is_valid(bad)
    rows = {
        "status": status,
        **{name: messages[name] for name in ("partition", "offset", "timestamp_ms")},
        **{name: pc.if_else(rejected_only, messages[name], None) for name in ("key", "value")},
        "field": pa.array([r.field for r in rejections], pa.string()).take(bad),
        "reason": pa.array([r.reason for r in rejections], pa.string()).take(bad),
        **{name: pa.array(columns[name], pa.string()).take(good) for name in IDENTIFIERS},
        "event_time_ms": pa.array(columns["event_time_ms"], pa.int64()).take(good),
        "customer_features": binary_of(result.values).take(good),
        "visits": binary_of(customer_visits(arrangement)).take(good),
    }
    return pa.table(rows, schema=ROWS), result.kept


def _places(n: int, rows: list[int]) -> pa.Array:
    """For each of n rows its position in `rows`, null where it is not there."""
    place = np.full(n, -1, np.int64)
    place[rows] = np.arange(len(rows))
    return pa.array(place, mask=place < 0)


def _statuses(n: int, accepted: list[int], duplicate: NDArray[np.bool_]) -> NDArray[Any]:
    status = np.zeros(n, np.int8)
    status[accepted] = np.where(duplicate, 2, 1)
    return status
