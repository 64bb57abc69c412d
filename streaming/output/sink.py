"""Exactly-once output: one Kafka transaction a micro-batch, with the batch's marker inside it.

The transaction that carries a batch's messages also commits how far the output came
(operations/batch_marker.py). Transactional id and group derive from Spark's query id, which lives in the
checkpoint, so a restarted scorer fences the dead one, learns which batch with which
offsets was the last one out, and never writes it again.
"""

import re
import secrets
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

from fraud_platform.errors import ExactlyOnceError, TopicRecreatedError, TransactionTimeoutError
from fraud_platform.messages.schemas import ScorerEvent, encode
from fraud_platform.operations.batch_marker import BatchOffsets, Offsets, Progress, before, commits_of, progress_of
from fraud_platform.settings import Settings
from fraud_platform.storage.kafka import client_config, producer
from fraud_platform.storage.kafka_errors import FENCED
from fraud_platform.storage.kafka_offsets import committed_offsets, partitions, watermarks
from fraud_platform.storage.topic_id import TopicId

TIMEOUT_SECONDS = 30
TRANSACTION_TIMEOUT_MS = 60_000
"""Readers of committed messages wait at most this long for a writer that died and does not come back."""
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def consumer_group(settings: Settings, query_id: str) -> str:
    """Group and transactional id of a query's output."""
    return f"{settings.kafka_group_id}-{query_id}"


def query_id_of(settings: Settings, group: str | None) -> str | None:
    """The query id, a UUID, in the name of a group; None where it is not one of this KAFKA_GROUP_ID."""
    query_id = (group or "")[-36:]
    is_ours = group == consumer_group(settings, query_id) and _UUID.fullmatch(query_id)
    return query_id if is_ours else None


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

    def __init__(self, settings: Settings, query_id: str, starting_offsets: Offsets | None = None) -> None:
        """starting_offsets: where the query began; None for the topic's earliest."""
        identity = self.identity = consumer_group(settings, query_id)
        self._settings = settings
        self._starting_offsets = starting_offsets
        self._writer = secrets.token_hex(6)
        self._topic_id = TopicId(settings, settings.kafka_topic)
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
        self.found = self._read_progress()
        """What the group said at the start; None where Kafka had no offsets of it."""
        self._progress = self.found or self._beginning()

    def _read_progress(self) -> Progress | None:
        topic = self._settings.kafka_topic
        asked = [TopicPartition(topic, p) for p in partitions(self._group, topic)]
        asked.append(TopicPartition(self._settings.kafka_events_topic, 0))
        return progress_of(self._settings, self.identity, committed_offsets(self._group, asked))

    def _beginning(self) -> Progress:
        start = self._starting_offsets
        if start is None:
            start = {p: first for p, (first, _) in watermarks(self._group, self._settings.kafka_topic).items()}
        return Progress(None, BatchOffsets(start, start), len(start), self._topic_id.now())

    @property
    def last_batch(self) -> int | None:
        """The last batch that is out; None before the first."""
        return self._progress.batch

    @property
    def next_offsets(self) -> Offsets:
        """First source offset without output, of each partition."""
        return self._progress.offsets.end

    @property
    def note(self) -> Mapping[str, Any]:
        """What was handed to `write` with the last batch that is out."""
        return self._progress.note

    def is_written(self, batch_id: int, offsets: BatchOffsets) -> bool:
        """Whether the batch is already out: by number and offsets.

        Raises ExactlyOnceError where the batch is neither the last one out nor the one that follows it.
        """
        last = self._progress
        if last.batch == batch_id and last.offsets == offsets:
            return True
        if last.batch == before(batch_id) and last.offsets.end == offsets.start:
            return False
        raise ExactlyOnceError(
            f"batch {batch_id} (offsets {_spans(offsets)}) follows marker {last.batch} (offsets "
            f"{_spans(last.offsets)}): the checkpoint and the consumer group {self.identity} do not belong together; "
            "started again, the scorer goes on where its output ends, or says what is missing"
        )

    def write(
        self,
        batch_id: int,
        messages: Iterable[OutMessage],
        offsets: BatchOffsets,
        note: Mapping[str, Any] | None = None,
    ) -> None:
        """Write a batch's messages, its marker with a note, and the source offsets reached, all or nothing.

        note: JSON values of less than 4 kB. Raises TopicRecreatedError where the topic is no longer the one
        that was read.
        """
        self._transact(messages, self._progress._replace(batch=batch_id, offsets=offsets, note=note or {}))

    def write_event(self, event: ScorerEvent) -> None:
        """Write one line of the ledger, between batches."""
        self._transact([OutMessage(self._settings.kafka_events_topic, event.scorer_id.encode(), encode(event))])

    def renew(self) -> None:
        """Commit the offsets reached once more: Kafka forgets those of a group that is silent for days."""
        self._transact([])

    def restore(self, offsets: BatchOffsets) -> None:
        """Commit the last batch's offsets once more, with those that Kafka has forgotten."""
        self._transact([], self._progress._replace(offsets=offsets))

    def _transact(self, messages: Iterable[OutMessage], progress: Progress | None = None) -> None:
        """Messages and progress, by default the present one, all or nothing."""
        # Of this topic and this writer, whoever wrote before.
        progress = (progress or self._progress)._replace(writer=self._writer)
        if progress.missing or not progress.is_stamped:
            raise ExactlyOnceError(
                f"the group {self.identity} lacks positions of {self._settings.kafka_topic}, partitions "
                f"{progress.missing or 'all'}"
            )
        try:
            self._producer.begin_transaction()
            topic_id = self._topic_id.ask()  # after the batch was read, and answered while messages are sent
            self._produce(messages)
            self._check_topic(progress.topic_id, topic_id())
            self._producer.send_offsets_to_transaction(
                commits_of(self._settings, progress), self._group.consumer_group_metadata(), TIMEOUT_SECONDS
            )
            self._producer.commit_transaction(TIMEOUT_SECONDS)
        except KafkaException as error:
            if error.args[0].code() in FENCED and not self._is_replaced():
                raise TransactionTimeoutError(
                    f"the scorer stood still for over {TRANSACTION_TIMEOUT_MS / 1000:g} s, and Kafka ended its "
                    "transaction; restarted, it goes on from its checkpoint"
                ) from None
            raise
        self._progress = progress

    def _check_topic(self, read: str | None, present: str) -> None:
        if read != present:
            raise TopicRecreatedError(
                f"{self._settings.kafka_topic} was deleted and created anew (id {read}, now {present}): restarted, the "
                "scorer makes a new checkpoint that begins at its start"
            )

    def _is_replaced(self) -> bool:
        """Whether another scorer has started on the same checkpoint: each leaves its name in the group at once."""
        found = self._read_progress()
        return found is not None and found.writer not in (self._writer, self._progress.writer)

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


def _spans(offsets: BatchOffsets) -> str:
    """Such as "0: 10-20 1: 5-5", of a few partitions."""
    start, end = offsets
    few = sorted(end)[:20]
    return " ".join(f"{p}: {start.get(p, '?')}-{end[p]}" for p in few) + (" …" if len(end) > len(few) else "")
