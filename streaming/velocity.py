"""Velocity of the merchants and devices in a batch: the visits so far, and those that Kafka has beyond the batch.

Spark reads the partitions of a backlog at its own pace: when a batch ends at noon in one
of them, it may end at eleven in another. What the transactions at noon have to count
there is read ahead, and not counted again when its own batch comes.
"""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from confluent_kafka import Message

from fraud_platform.core.arrays import Floats
from fraud_platform.core.features.events import EventArray, joined
from fraud_platform.core.features.velocity import SETTLE_MS, VELOCITY_FEATURES
from fraud_platform.core.features.visits import ENTITIES, VISIT, VisitArray
from fraud_platform.settings import Settings
from fraud_platform.storage.kafka import committed_reader, offsets_at, read_range
from fraud_platform.storage.packed import values_of
from streaming import metrics
from streaming.features import SCORED, oldest_arrival_ms, transform
from streaming.state import PartitionState
from streaming.velocity_state import Positions, VelocityState

_MESSAGES_AT_ONCE = 50_000


class Velocity:
    """Keeps the visits of one generation's batches."""

    def __init__(self, settings: Settings, state_folder: Path) -> None:
        self._topic = settings.kafka_topic
        self._folder = state_folder
        self._resources = ExitStack()
        self._consumer = self._resources.enter_context(committed_reader(settings))
        self._heard_ms: dict[int, int] = {}
        """Newest timestamp seen in each partition: no older message follows it."""
        self._settled_ms = 0
        """Up to when all visits were taken to have arrived."""

    def of_batch(self, batch_id: int, rows: pa.Table, ends: dict[int, int]) -> Floats:
        """VELOCITY_FEATURES (n, F) of the n scored rows of a batch, whose visits join the state.

        rows: features.ROWS. ends: first offset after the batch, for
        every partition of the topic.
        """
        if not len(rows):  # offsets that are markers of transactions and nothing else
            return np.empty((0, len(VELOCITY_FEATURES)))
        state = VelocityState(self._folder, batch_id)
        state.compact(oldest_arrival_ms(rows))
        positions = state.positions
        scored = rows.filter(pc.equal(rows["status"], SCORED))
        visits = visits_of(scored)
        new = visits.compress(_uncounted(scored, positions), axis=0)
        metrics.LATE_VISITS.inc(int((new["arrival_ms"][:, 0] <= self._settled_ms).sum()))
        settled_ms = int(visits["asked_ms"].max(initial=0)) - SETTLE_MS
        self._hear(rows)
        ahead, reached = self._read_ahead(batch_id, ends, positions, settled_ms)
        if len(new) or len(ahead):
            state.add(np.concatenate((new, ahead)).reshape(-1), reached)
        self._settled_ms = max(self._settled_ms, settled_ms)
        return state.velocities(visits)

    def close(self) -> None:
        self._resources.close()

    def _hear(self, rows: pa.Table) -> None:
        newest = rows.group_by("partition").aggregate([("timestamp_ms", "max")])
        for partition, time_ms in zip(*(column.to_pylist() for column in newest.columns), strict=True):
            self._heard_ms[partition] = max(time_ms, self._heard_ms.get(partition, 0))

    def _read_ahead(
        self, batch_id: int, ends: dict[int, int], positions: Positions, until_ms: int
    ) -> tuple[VisitArray, Positions]:
        """Visits beyond the batch that arrived until then, not counted yet, and where those that follow begin."""
        behind = [p for p in ends if self._heard_ms.get(p, 0) <= until_ms]
        starts = {p: max(ends[p], positions.get(p, 0)) for p in behind}
        targets = offsets_at(self._consumer, self._topic, until_ms + 1, starts) if behind else {}
        found, reached = [np.empty((0, len(ENTITIES)), VISIT)], {}
        for partition, target in targets.items():
            if target > starts[partition]:
                reached[partition] = target
                for rows in self._rows_beyond(batch_id, partition, ends[partition], target):
                    found.append(visits_of(rows)[_uncounted(rows, positions)])
        return np.concatenate(found), reached

    def _rows_beyond(self, batch_id: int, partition: int, end: int, target: int) -> Iterator[pa.Table]:
        """What the batches to come will make of the offsets [end, target): their scored rows."""
        state = PartitionState(self._folder, partition, batch_id + 1)
        beyond: list[EventArray] = []
        received = read_range(self._consumer, self._topic, {partition: (end, target)})
        while messages := list(islice(received, _MESSAGES_AT_ONCE)):
            rows, kept = transform(_as_table(messages), lambda customers: joined((state.history(customers), *beyond)))
            beyond.append(kept)
            yield rows.filter(pc.equal(rows["status"], SCORED))


def visits_of(scored: pa.Table) -> VisitArray:
    """VISIT rows (n, len(ENTITIES)) of scored rows."""
    return values_of(scored["visits"], VISIT)


def _uncounted(rows: pa.Table, positions: Positions) -> np.ndarray:
    """Which rows were not read ahead for an earlier batch."""
    partition = rows["partition"].to_numpy()
    counted_to = np.zeros(len(rows), np.int64)
    for p, offset in positions.items():
        counted_to[partition == p] = offset
    return rows["offset"].to_numpy() >= counted_to


def _as_table(messages: Iterable[Message]) -> pa.Table:
    """Columns of source.raw_messages."""
    fields = [(m.partition(), m.offset(), m.timestamp()[1], m.key(), m.value()) for m in messages]
    types = (pa.int32(), pa.int64(), pa.int64(), pa.binary(), pa.binary())
    columns = [pa.array(column, type_) for column, type_ in zip(zip(*fields, strict=True), types, strict=True)]
    return pa.table(columns, ["partition", "offset", "timestamp_ms", "key", "value"])
