"""The dead letters on Kafka, and what became of each: rejected, or sent again."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import msgspec
from confluent_kafka import Message

from fraud_platform.errors import DeadLetterError
from fraud_platform.schemas import ScorerEvent, decode_transactions
from fraud_platform.settings import Settings
from fraud_platform.storage.kafka import committed_reader, read_range, watermarks


class Letter(NamedTuple):
    """A rejected message."""

    id: str
    """Its own place, `partition-offset` in the dead-letter topic."""
    key: bytes | None
    value: bytes | None
    source: str
    """`partition-offset` in the transactions topic."""
    sent_at_ms: int
    """Kafka timestamp of the message when it was rejected."""
    field: str
    reason: str

    def fault_at(self, now_ms: int) -> str | None:
        """Why the message would be rejected again if it were sent now; None where it would be accepted."""
        return fault(self.key, self.value, now_ms)

    def mended(self, changes: Mapping[str, Any]) -> "Letter":
        """With other values of some fields, and the key that belongs to it: the customer_id.

        Raises DeadLetterError where there are changes and the message is no JSON object.
        """
        try:
            document: Any = msgspec.json.decode(self.value or b"")
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            document = None
        if not isinstance(document, dict):
            if changes:
                raise DeadLetterError(f"dead letter {self.id} is no JSON object, so no field of it can be set")
            return self
        customer = {**document, **changes}.get("customer_id")
        key = customer.encode() if isinstance(customer, str) else self.key
        return self._replace(key=key, value=msgspec.json.encode({**document, **changes}) if changes else self.value)


def fault(key: bytes | None, value: bytes | None, timestamp_ms: int) -> str | None:
    """What is wrong with a message, as `field: reason`; None where it is a transaction."""
    _, _, rejections = decode_transactions([key], [value], [timestamp_ms])
    return f"{rejections[0].field}: {rejections[0].reason}" if rejections else None


def dead_letters(settings: Settings) -> dict[str, Letter]:
    """Id → letter, of all that the dead-letter topic keeps, oldest first."""
    topic = settings.kafka_dead_letter_topic
    with committed_reader(settings) as consumer:
        messages = sorted(read_range(consumer, topic, watermarks(consumer, topic)), key=lambda m: m.timestamp()[1])
    letters = map(_letter, messages)
    return {letter.id: letter for letter in letters}


def retries(events: Iterable[ScorerEvent]) -> dict[str, ScorerEvent]:
    """Id of each letter that was sent again → the event that says when, by whom and why."""
    return {e.letter: e for e in events if e.kind == "letter_retried" and e.letter is not None}


def _letter(message: Message) -> Letter:
    headers = {name: (value or b"").decode() for name, value in dict(message.headers() or []).items()}  # type: ignore[union-attr]
    return Letter(
        id=f"{message.partition()}-{message.offset()}",
        key=message.key(),  # type: ignore[arg-type]
        value=message.value(),
        source=f"{headers['source_partition']}-{headers['source_offset']}",
        sent_at_ms=int(headers["source_timestamp_ms"]),
        field=headers["field"],
        reason=headers["reason"],
    )
