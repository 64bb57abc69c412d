"""How far a scorer's query came, as Kafka keeps it: offsets of a consumer group that nobody subscribes to.

Each transaction of the scorer commits, beside its messages, the position of every source
partition and the marker, whose offset is the batch's number. Their metadata is JSON: a
stamp says which transaction wrote them, so that one that expired or was moved by hand is
told from the others; the marker's also holds what the batch noted about itself.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import msgspec
from confluent_kafka import Consumer, TopicPartition

from fraud_platform.errors import ExactlyOnceError
from fraud_platform.settings import Settings
from fraud_platform.storage.kafka import clear_errors, client_config
from fraud_platform.storage.kafka_offsets import committed_offsets

LONGEST_STAMP = 4_000
"""Bytes; a broker takes 4,096 (offset.metadata.max.bytes)."""
Offsets = dict[int, int]
"""Kafka partition → offset."""


def before(batch: int) -> int | None:
    """The batch before, None before the first."""
    return batch - 1 if batch else None


class BatchOffsets(NamedTuple):
    """The source offsets [start, end) of a batch, for every partition of its query."""

    start: Offsets
    end: Offsets


class Stamp(msgspec.Struct, frozen=True, omit_defaults=True):
    """What stands beside a position, and beside the marker."""

    batch: int | None
    """The last one that is out; None before the first."""
    partitions: int
    topic_id: str
    writer: str
    start: int = 0
    """Where that batch began in the partition."""
    note: dict[str, Any] = {}
    """Of the marker."""

    @property
    def transaction(self) -> tuple[Any, ...]:
        """The same in all stamps of a transaction."""
        return self.batch, self.partitions, self.topic_id, self.writer


class Progress(NamedTuple):
    """What a group says of its query."""

    batch: int | None
    """The last one that is out; None before the first."""
    offsets: BatchOffsets
    """Of that batch; `start` is empty where a release before these stamps wrote it."""
    partitions: int = 0
    """How many positions there should be; 0 where a release before these stamps wrote, which left some out."""
    topic_id: str | None = None
    """None where a release before these stamps wrote."""
    writer: str | None = None
    """Changes with each start of a scorer."""
    note: Mapping[str, Any] = {}
    """What the batch wrote down about itself."""

    @property
    def is_stamped(self) -> bool:
        return self.topic_id is not None

    @property
    def missing(self) -> list[int]:
        """Partitions whose position Kafka has forgotten."""
        return [p for p in range(self.partitions) if p not in self.offsets.end]


def commits_of(settings: Settings, progress: Progress) -> list[TopicPartition]:
    """What a transaction commits for the group."""
    start, end = progress.offsets
    whole = Stamp(progress.batch, len(end), progress.topic_id or "", progress.writer or "")

    def place(topic: str, partition: int, offset: int, **own: Any) -> TopicPartition:
        stamp = msgspec.json.encode(msgspec.structs.replace(whole, **own)).decode()
        if len(stamp) > LONGEST_STAMP:
            raise ValueError(f"a batch's note of {len(stamp)} bytes is longer than {LONGEST_STAMP}")
        return TopicPartition(topic, partition, offset, stamp)

    found = [place(settings.kafka_topic, p, offset, start=start.get(p, offset)) for p, offset in end.items()]
    if progress.batch is not None:
        found.append(place(settings.kafka_events_topic, 0, progress.batch, note=dict(progress.note)))
    return found


def progress_of(settings: Settings, group: str, committed: Iterable[TopicPartition]) -> Progress | None:
    """What the offsets of a group say; None where Kafka has none.

    Raises ExactlyOnceError where they do not come from one transaction.
    """
    found = [place for place in committed if place.offset >= 0]
    positions = {place.partition: place for place in found if place.topic == settings.kafka_topic}
    marker = next((place for place in found if place.topic == settings.kafka_events_topic), None)
    end = {p: place.offset for p, place in sorted(positions.items())}
    if marker is None and not positions:
        return None
    stamps = {p: _stamp(place) for p, place in positions.items()}
    of_marker = _stamp(marker) if marker else None
    if marker is not None and of_marker is None:
        return Progress(marker.offset, BatchOffsets({}, end))
    whole = of_marker or next(iter(stamps.values()))
    strange = [
        p for p, stamp in stamps.items() if whole is None or stamp is None or stamp.transaction != whole.transaction
    ]
    if whole is None or strange or (marker is not None and marker.offset != whole.batch):
        raise ExactlyOnceError(
            f"the offsets of group {group} do not come from one transaction (marker "
            f"{None if marker is None else marker.offset}, partitions {sorted(positions)}, of which {strange} differ): "
            "somebody changed them, put them back as they were"
        )
    start = {p: stamp.start for p, stamp in stamps.items() if stamp}
    note = of_marker.note if of_marker else {}
    return Progress(whole.batch, BatchOffsets(start, end), whole.partitions, whole.topic_id, whole.writer, note)


def last_note(settings: Settings, group: str) -> Mapping[str, Any] | None:
    """What the last batch of a group wrote down about itself; None where it has no batch.

    Raises ServiceUnavailableError or AccessDeniedError where Kafka does not tell.
    """
    consumer = Consumer(client_config(settings, **{"group.id": group, "enable.auto.commit": False}))
    try:
        with clear_errors(settings, f"read the offsets of {group}"):
            marker = committed_offsets(consumer, [TopicPartition(settings.kafka_events_topic, 0)])
    finally:
        consumer.close()
    progress = progress_of(settings, group, marker)
    return progress and progress.note


def _stamp(place: TopicPartition) -> Stamp | None:
    try:
        return msgspec.json.decode(place.metadata or "", type=Stamp)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
