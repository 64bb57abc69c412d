"""Sending dead letters again, each at most once.

One Kafka transaction carries the messages and, for each, the event that says it was sent:
both are there or neither. The transactional id is fixed, so whoever opens a Resender
fences one that is at work or died; only then are the events read, to their very end. So
neither a second run, nor one at the same time, nor one after a kill sends a letter twice.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple

from confluent_kafka import KafkaError, KafkaException

from fraud_platform.errors import DeadLetterError
from fraud_platform.messages.partitioner import MURMUR2, partition_of
from fraud_platform.messages.schemas import ScorerEvent, encode
from fraud_platform.operations.dead_letter_edit import UNCHANGED, Edit
from fraud_platform.operations.dead_letters import DeadLetter, retries
from fraud_platform.operations.ledger import settled_events
from fraud_platform.settings import Settings
from fraud_platform.storage.clock import as_text, now_ms
from fraud_platform.storage.kafka import clear_errors, producer
from fraud_platform.storage.key_sample import KeySpread, key_spread

TIMEOUT_SECONDS = 30
MOST_AT_ONCE, MOST_BYTES_AT_ONCE = 1_000, 16 * 2**20
"""Dead letters, and bytes of them, in one transaction of a run over all."""


class Retry(NamedTuple):
    """A letter, repaired and ready: where it goes, and with which Kafka timestamp."""

    letter: DeadLetter
    partition: int
    timestamp_ms: int
    note: str
    """What was done to it, for the ledger; empty where nothing was."""


class Resender:
    """The one writer of dead letters into the topics that they came from."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._identity = f"{settings.kafka_group_id}-dead-letters"
        self._producer = producer(settings, **{"transactional.id": self._identity, "linger.ms": 5})
        with clear_errors(settings, "open a transaction"):
            self._producer.init_transactions(TIMEOUT_SECONDS)
        self.sent_before = retries(settled_events(settings))
        self._spreads: dict[str, KeySpread] = {}

    def prepare(self, letter: DeadLetter, edit: Edit = UNCHANGED, *, original_time: bool = False) -> Retry:
        """What sending the letter would send.

        original_time: an event that is too old for the time of now goes out with the
        timestamp that the rejected message had. Raises DeadLetterError for a letter that
        was sent before, that would be rejected again, or that cannot be repaired so.
        """
        if letter.id in self.sent_before:
            raise DeadLetterError(f"dead letter {letter.id} was sent again already, see 'fraud dlq show {letter.id}'")
        if letter.origin is None:
            raise DeadLetterError(f"message {letter.id} {letter.reason}, so it is not sent again")
        repaired = edit.apply(letter)
        timestamp_ms = _timestamp_ms(repaired, now_ms(), original_time)
        notes = [str(edit)] if edit else []
        if original_time and timestamp_ms == letter.origin.timestamp_ms:
            notes.append(f"with its own time {as_text(timestamp_ms)}")
        return Retry(repaired, place_of(repaired, letter, self._spread(letter)), timestamp_ms, ", ".join(notes))

    def send(self, ready: Sequence[Retry], *, by: str, reason: str) -> list[ScorerEvent]:
        """Send letters, all or none; returns the event of each.

        Raises DeadLetterError where Kafka refuses one, and where another Resender was opened meanwhile.
        """
        at_ms = now_ms()
        events = [self._event(retry, at_ms, by, reason) for retry in ready]
        try:
            self._producer.begin_transaction()
            self._produce(ready, at_ms)
            for event in events:
                self._producer.produce(self._settings.kafka_events_topic, encode(event), self._identity.encode())
            self._producer.commit_transaction(TIMEOUT_SECONDS)
        except KafkaException as error:
            self._give_up(error)
        self.sent_before |= {retry.letter.id: event for retry, event in zip(ready, events, strict=True)}
        return events

    def send_all(
        self,
        letters: Iterable[DeadLetter],
        edit: Edit = UNCHANGED,
        *,
        original_time: bool = False,
        by: str,
        reason: str,
    ) -> Iterator[ScorerEvent]:
        """Send those of the letters that can be sent, in several transactions; yields the event of each."""
        ready: list[Retry] = []
        size = 0
        for letter in letters:
            with suppress(DeadLetterError):
                ready.append(self.prepare(letter, edit, original_time=original_time))
                size += len(ready[-1].letter.value or b"")
            if len(ready) >= MOST_AT_ONCE or size >= MOST_BYTES_AT_ONCE:
                yield from self.send(ready, by=by, reason=reason)
                ready, size = [], 0
        if ready:
            yield from self.send(ready, by=by, reason=reason)

    def _topic(self, letter: DeadLetter) -> str:
        return self._settings.kafka_labels_topic if letter.is_report else self._settings.kafka_topic

    def _spread(self, letter: DeadLetter) -> KeySpread:
        topic = self._topic(letter)
        if topic not in self._spreads:
            self._spreads[topic] = key_spread(self._settings, topic)
        return self._spreads[topic]

    def _give_up(self, error: KafkaException) -> None:
        """Raises what a failed transaction means; nothing of it is seen by anybody."""
        failure: KafkaError = error.args[0]
        if failure.fatal() or failure.code() in (KafkaError._FENCED, KafkaError._FATAL):
            raise DeadLetterError("another 'fraud dlq retry' was started meanwhile: nothing was sent") from None
        with clear_errors(self._settings, "send dead letters"):
            if failure.txn_requires_abort():
                self._producer.abort_transaction(TIMEOUT_SECONDS)
                raise DeadLetterError(f"Kafka refuses the letters, and none was sent: {failure.str()}") from None
            raise error

    def _event(self, retry: Retry, at_ms: int, by: str, reason: str) -> ScorerEvent:
        told = f"{reason} ({retry.note})" if retry.note else reason
        return ScorerEvent(
            kind="letter_retried", scorer_id=self._identity, at_ms=at_ms, reason=told, by=by, letter=retry.letter.id
        )

    def _produce(self, ready: Sequence[Retry], at_ms: int) -> None:
        """The headers say on the message itself which letter it was, and when it was really sent."""
        for letter, partition, timestamp_ms, _ in ready:
            headers: list[tuple[str, str | bytes | None]] = [("dead_letter", letter.id), ("retried_at_ms", str(at_ms))]
            self._producer.produce(
                self._topic(letter), letter.value, letter.key, partition, timestamp=timestamp_ms, headers=headers
            )


def place_of(repaired: DeadLetter, received: DeadLetter, spread: KeySpread) -> int:
    """The partition in which the customer's other transactions are, or the transaction's other reports.

    By the hash that the topic's producers use. Where the sample tells none, a message that
    had its customer's key was put right at first; any other goes where the contract says.
    """
    if spread.partitioner in ("murmur2", "crc32"):
        return partition_of(repaired.key or b"", spread.partitions, spread.partitioner)
    if received.origin and received.key == repaired.key and received.origin.partition < spread.partitions:
        return received.origin.partition
    return partition_of(repaired.key or b"", spread.partitions, MURMUR2)


def _timestamp_ms(repaired: DeadLetter, now_ms: int, original_time: bool) -> int:
    """With which timestamp the message would be accepted; raises DeadLetterError where with none."""
    if (fault := repaired.fault_at(now_ms)) is None:
        return now_ms
    original_ms = repaired.origin.timestamp_ms if repaired.origin else now_ms
    fits_then = original_ms <= now_ms and repaired.fault_at(original_ms) is None
    if fits_then and original_time:
        return original_ms
    way_out = "send it with the time that it had, --original-time" if fits_then else "mend it with --set or --unset"
    raise DeadLetterError(f"dead letter {repaired.id} would be rejected again ({fault}): {way_out}")
