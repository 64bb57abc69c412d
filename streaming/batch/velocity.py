"""Velocity of the entities in a batch, say merchants: their events so far, and those that Kafka has beyond the batch.

Spark reads the partitions of a backlog at its own pace: when a batch ends at noon in one
of them, it may end at eleven in another. What the transactions at noon have to count
there is read ahead, and not counted again when its own batch comes.
"""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from confluent_kafka import Message

from fraud_platform.core.arrays import Floats
from fraud_platform.core.features.entity_events import EntityEventArray, entity_event_type, no_entity_events
from fraud_platform.core.features.event_layout import EventArray
from fraud_platform.core.features.velocity_plan import SETTLE_MS
from fraud_platform.declared import FEATURE_SET
from fraud_platform.settings import Settings
from fraud_platform.storage.arrow_bytes import values_of
from fraud_platform.storage.kafka import committed_reader
from fraud_platform.storage.kafka_offsets import offsets_at, read_range
from streaming.batch.features import PLAN, SCORED, oldest_arrival_ms, transform
from streaming.metrics import metrics
from streaming.state.customers import PartitionState
from streaming.state.entities import Positions, VelocityState

_MESSAGES_AT_ONCE, _BYTES_AT_ONCE = 50_000, 64_000_000


class Velocity:
    """Keeps the entity events of one checkpoint's batches."""

    def __init__(self, settings: Settings, state_folder: Path) -> None:
        self._topic = settings.kafka_topic
        self._folder = state_folder
        self._resources = ExitStack()
        self._consumer = self._resources.enter_context(committed_reader(settings))
        self._heard_ms: dict[int, int] = {}
        """Newest timestamp seen in each partition: no older message follows it."""
        self._settled_ms = 0
        """Up to when all entity events were taken to have arrived."""

    def of_batch(self, batch_id: int, rows: pa.Table, ends: dict[int, int]) -> Floats:
        """Velocities (n, F) of the n scored rows of a batch, whose entity events join the state.

        rows: features.ROWS. ends: first offset after the batch, for
        every partition of the topic.
        """
        scored = rows.filter(pc.equal(rows["status"], SCORED))
        if not PLAN.entities or not len(rows):  # or offsets that are markers of transactions and nothing else
            return np.empty((len(scored), len(PLAN.declared)))
        state = VelocityState(self._folder, batch_id)
        if (oldest_ms := oldest_arrival_ms(scored["timestamp_ms"].to_numpy())) is not None:
            state.compact(oldest_ms)
        positions = state.positions
        entity_events = entity_events_in(scored)
        new = entity_events.compress(_uncounted(scored, positions), axis=0)
        metrics.LATE_VISITS.inc(int((new["arrival_ms"][:, 0] <= self._settled_ms).sum()))
        settled_ms = int(entity_events["asked_ms"].max(initial=0)) - SETTLE_MS
        self._hear(scored)
        ahead, reached = self._read_ahead(batch_id, ends, positions, settled_ms)
        if len(new) or len(ahead):
            state.add(np.concatenate((new, ahead)).reshape(-1), reached)
        self._settled_ms = max(self._settled_ms, settled_ms)
        return state.velocities(entity_events)

    def close(self) -> None:
        self._resources.close()

    def _hear(self, scored: pa.Table) -> None:
        newest = scored.group_by("partition").aggregate([("timestamp_ms", "max")])
        for partition, time_ms in zip(*(column.to_pylist() for column in newest.columns), strict=True):
            self._heard_ms[partition] = max(time_ms, self._heard_ms.get(partition, 0))

    def _read_ahead(
        self, batch_id: int, ends: dict[int, int], positions: Positions, until_ms: int
    ) -> tuple[EntityEventArray, Positions]:
        """Entity events beyond the batch, arrived until then and not counted yet, and where those that follow begin."""
        behind = [p for p in ends if self._heard_ms.get(p, 0) <= until_ms]
        starts = {p: max(ends[p], positions.get(p, 0)) for p in behind}
        targets = offsets_at(self._consumer, self._topic, until_ms + 1, starts) if behind else {}
        found, reached = [no_entity_events(PLAN, 0)], {}
        for partition, target in targets.items():
            if target > starts[partition]:
                reached[partition] = target
                for rows in self._rows_beyond(batch_id, partition, ends[partition], target):
                    found.append(entity_events_in(rows)[_uncounted(rows, positions)])
        return np.concatenate(found), reached

    def _rows_beyond(self, batch_id: int, partition: int, end: int, target: int) -> Iterator[pa.Table]:
        """What the batches to come will make of the offsets [end, target): their scored rows."""
        state = PartitionState(self._folder, partition, batch_id + 1)
        beyond: list[EventArray] = []
        for messages in _portions(read_range(self._consumer, self._topic, {partition: (end, target)})):
            rows, kept = transform(
                _as_table(messages), lambda customers: FEATURE_SET.layout.joined((state.history(customers), *beyond))
            )
            beyond.append(kept)
            yield rows.filter(pc.equal(rows["status"], SCORED))


def entity_events_in(scored: pa.Table) -> EntityEventArray:
    """Entity events (n, entities) of scored rows."""
    return values_of(scored["entity_events"], entity_event_type(PLAN))


def _uncounted(rows: pa.Table, positions: Positions) -> np.ndarray:
    """Which rows were not read ahead for an earlier batch."""
    partition = rows["partition"].to_numpy()
    counted_to = np.zeros(len(rows), np.int64)
    for p, offset in positions.items():
        counted_to[partition == p] = offset
    return rows["offset"].to_numpy() >= counted_to


def _portions(messages: Iterable[Message]) -> Iterator[list[Message]]:
    """The messages, so many at a time that their values fit into memory."""
    portion: list[Message] = []
    held = 0
    for message in messages:
        portion.append(message)
        held += len(message.value() or b"")
        if len(portion) >= _MESSAGES_AT_ONCE or held >= _BYTES_AT_ONCE:
            yield portion
            portion, held = [], 0
    if portion:
        yield portion


def _as_table(messages: Iterable[Message]) -> pa.Table:
    """Columns of source.raw_messages."""
    fields = [(m.partition(), m.offset(), m.timestamp()[1], m.key(), m.value()) for m in messages]
    types = (pa.int32(), pa.int64(), pa.int64(), pa.binary(), pa.binary())
    columns = [pa.array(column, type_) for column, type_ in zip(zip(*fields, strict=True), types, strict=True)]
    return pa.table(columns, ["partition", "offset", "timestamp_ms", "key", "value"])
