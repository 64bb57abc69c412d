"""Exactly-once output: one Kafka transaction a micro-batch, with the batch's marker inside it.

The transaction that carries a batch's messages also commits, for a consumer group that
nobody subscribes to, the batch id (as the offset of the events topic's partition 0) and
the source offsets reached. Transactional id and group derive from Spark's query id,
which lives in the checkpoint, so a restarted scorer fences the dead one, learns which
batch was the last one out, and never writes it again.
"""

from collections.abc import Iterable
from typing import NamedTuple

from confluent_kafka import Consumer, Producer, TopicPartition

from fraud_platform.errors import ExactlyOnceError
from fraud_platform.schemas import ScorerEvent, encode
from fraud_platform.settings import Settings
from fraud_platform.storage.kafka import client_config, producer, watermarks

TIMEOUT_SECONDS = 30
TRANSACTION_TIMEOUT_MS = 60_000
"""Readers of committed messages wait at most this long for a writer that died and does not come back."""


def consumer_group(settings: Settings, query_id: str) -> str:
    """Group and transactional id of a query's output."""
    return f"{settings.kafka_group_id}-{query_id}"


def query_id_of(settings: Settings, group: str | None) -> str | None:
    """The query id, a UUID, in the name of a group; None where it is not one of this KAFKA_GROUP_ID."""
    query_id = (group or "")[-36:]
    return query_id if group == consumer_group(settings, query_id) and len(query_id) == 36 else None


class OutMessage(NamedTuple):
    topic: str
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, str | bytes | None]] | None = None


class TransactionalSink:
    """The one writer of the scorer. Not thread-safe: the caller holds the batch lock.

    Any Kafka error is left to end the process: the transaction is then aborted by the
    next writer with the same id, and the batch is run again.
    """

    def __init__(self, settings: Settings, query_id: str, starting_offsets: dict[int, int] | None = None) -> None:
        """starting_offsets: where the query began; None for the topic's earliest."""
        identity = self.identity = consumer_group(settings, query_id)
        self._settings = settings
        self._producer: Producer = producer(
            settings,
            **{
                "transactional.id": identity,
                "transaction.timeout.ms": TRANSACTION_TIMEOUT_MS,
                "linger.ms": 5,
                "client.id": identity,
            },
        )
        # Fences the dead writer and settles its transaction: only then is the marker final.
        self._producer.init_transactions(TIMEOUT_SECONDS)
        self._group = Consumer(
            client_config(
                settings,
                **{"group.id": identity, "enable.auto.commit": False, "isolation.level": "read_committed"},
            )
        )
        self.last_batch, self.next_offsets = self._read_progress(starting_offsets or {})

    def _read_progress(self, start: dict[int, int]) -> tuple[int | None, dict[int, int]]:
        """Batch id last written (None before the first), and the next source offset of each partition."""
        topic = self._settings.kafka_topic
        stored = {p: start.get(p, first) for p, (first, _) in watermarks(self._group, topic).items()}
        asked = [TopicPartition(self._settings.kafka_events_topic, 0), *(TopicPartition(topic, p) for p in stored)]
        marker, *positions = self._group.committed(asked, timeout=TIMEOUT_SECONDS)
        offsets = {tp.partition: tp.offset if tp.offset >= 0 else stored[tp.partition] for tp in positions}
        return (marker.offset if marker.offset >= 0 else None), offsets

    def is_written(self, batch_id: int) -> bool:
        """Whether the batch is already out; raises ExactlyOnceError where marker and checkpoint disagree."""
        expected = (batch_id - 1 if batch_id else None, batch_id)
        if self.last_batch not in expected:
            raise ExactlyOnceError(
                f"batch {batch_id} follows marker {self.last_batch}: the checkpoint and the consumer group "
                f"{self._settings.kafka_group_id}-* do not belong together: restore both of the same moment"
            )
        return self.last_batch == batch_id

    def write(self, batch_id: int, messages: Iterable[OutMessage], next_offsets: dict[int, int]) -> None:
        """Write a batch's messages, its marker and the source offsets reached, all or nothing."""
        self._producer.begin_transaction()
        self._produce(messages)
        self._producer.send_offsets_to_transaction(
            [
                TopicPartition(self._settings.kafka_events_topic, 0, batch_id),
                *(TopicPartition(self._settings.kafka_topic, p, offset) for p, offset in next_offsets.items()),
            ],
            self._group.consumer_group_metadata(),
            TIMEOUT_SECONDS,
        )
        self._producer.commit_transaction(TIMEOUT_SECONDS)
        self.last_batch = batch_id
        self.next_offsets |= next_offsets

    def write_event(self, event: ScorerEvent) -> None:
        """Write one line of the ledger, between batches."""
        self._producer.begin_transaction()
        message = OutMessage(self._settings.kafka_events_topic, event.scorer_id.encode(), encode(event))
        self._produce([message])
        self._producer.commit_transaction(TIMEOUT_SECONDS)

    def _produce(self, messages: Iterable[OutMessage]) -> None:
        for message in messages:
            while True:
                try:
                    self._producer.produce(message.topic, message.value, message.key, headers=message.headers)
                    break
                except BufferError:  # the local queue is full: let it drain
                    self._producer.poll(0.1)

    def close(self) -> None:
        self._group.close()
