"""Sending dead letters again, each at most once.

One Kafka transaction carries the messages and, for each, the event that says it was sent:
both are there or neither. The transactional id is fixed, so whoever opens a Resender
fences one that is at work or died; only then are the events read, to their very end. So
neither a second run, nor one at the same time, nor one after a kill sends a letter twice.
"""

from collections.abc import Sequence

from confluent_kafka import KafkaError, KafkaException

from fraud_platform.errors import DeadLetterError
from fraud_platform.schemas import ScorerEvent, encode
from fraud_platform.settings import Settings
from fraud_platform.storage.clock import now_ms
from fraud_platform.storage.dead_letters import Letter, retries
from fraud_platform.storage.kafka import clear_errors, producer
from fraud_platform.storage.ledger import settled_events

TIMEOUT_SECONDS = 30


class Resender:
    """The one writer of dead letters into the transactions topic."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._identity = f"{settings.kafka_group_id}-dead-letters"
        self._producer = producer(settings, **{"transactional.id": self._identity, "linger.ms": 5})
        with clear_errors(settings, "open a transaction"):
            self._producer.init_transactions(TIMEOUT_SECONDS)
        self.sent_before = retries(settled_events(settings))

    def send(self, letters: Sequence[Letter], *, by: str, reason: str) -> list[ScorerEvent]:
        """Send letters, all or none; returns the event of each.

        Raises DeadLetterError for one that was sent before or would be rejected again, and
        where another Resender was opened meanwhile.
        """
        asked_ms = now_ms()
        for letter in letters:
            self._check(letter, asked_ms)
        events = [self._event(letter, asked_ms, by, reason) for letter in letters]
        try:
            self._producer.begin_transaction()
            self._produce(letters, asked_ms)
            for event in events:
                self._producer.produce(self._settings.kafka_events_topic, encode(event), self._identity.encode())
            self._producer.commit_transaction(TIMEOUT_SECONDS)
        except KafkaException as error:
            if error.args[0].fatal() or error.args[0].code() in (KafkaError._FENCED, KafkaError._FATAL):
                raise DeadLetterError("another 'fraud dlq retry' was started meanwhile: nothing was sent") from None
            with clear_errors(self._settings, "send dead letters"):
                raise
        self.sent_before |= {letter.id: event for letter, event in zip(letters, events, strict=True)}
        return events

    def _check(self, letter: Letter, now_ms: int) -> None:
        if letter.id in self.sent_before:
            raise DeadLetterError(f"dead letter {letter.id} was sent again already, see 'fraud dlq show {letter.id}'")
        if fault := letter.fault_at(now_ms):
            raise DeadLetterError(f"dead letter {letter.id} would be rejected again ({fault}): mend it with --set")

    def _event(self, letter: Letter, now_ms: int, by: str, reason: str) -> ScorerEvent:
        return ScorerEvent(
            kind="letter_retried", scorer_id=self._identity, at_ms=now_ms, reason=reason, by=by, letter=letter.id
        )

    def _produce(self, letters: Sequence[Letter], now_ms: int) -> None:
        """The header says on the message itself which letter it was."""
        for letter in letters:
            headers: list[tuple[str, str | bytes | None]] = [("dead_letter", letter.id)]
            self._producer.produce(
                self._settings.kafka_topic, letter.value, letter.key, timestamp=now_ms, headers=headers
            )
