"""The dead letters on Kafka, and what became of each: rejected, or sent again.

The topic is read as any other: what stands on it may be somebody else's message.

A rejected fraud report is a letter, too, and told from the labels topic itself: whether it is rejected follows from
its bytes and its time. So nobody writes it a second time, and nothing can be missing or there twice.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from confluent_kafka import Message

from fraud_platform.errors import DeadLetterError
from fraud_platform.messages.decoding import label_or_fault
from fraud_platform.messages.diagnosis import Fault
from fraud_platform.messages.schemas import ScorerEvent
from fraud_platform.messages.transactions import DECODER
from fraud_platform.settings import Settings
from fraud_platform.storage.kafka import committed_reader
from fraud_platform.storage.kafka_offsets import OffsetRange, offsets_at, read_range, watermarks
from fraud_platform.storage.newest_messages import newest

FOREIGN = "is no letter of the scorer's: it does not say which message was rejected"
_NUMBER = re.compile(r"[0-9]{1,18}")
_REPORT = "report-"
_ID = re.compile(rf"(?:{_REPORT})?([0-9]{{1,9}})-([0-9]{{1,18}})")


class Origin(NamedTuple):
    """Where a rejected message stands in its own topic, and its Kafka timestamp there."""

    partition: int
    offset: int
    timestamp_ms: int


class DeadLetter(NamedTuple):
    """A rejected message."""

    id: str
    """Its own place, `partition-offset` in the dead-letter topic; `report-partition-offset` in the labels topic."""
    rejected_ms: int
    """Kafka timestamp of the letter, or of the report itself."""
    key: bytes | None
    value: bytes | None
    origin: Origin | None
    """None for a message of somebody else's, which cannot be sent again."""
    field: str
    reason: str
    is_report: bool = False

    def fault_at(self, timestamp_ms: int) -> str | None:
        """Why the message would be rejected if it were sent with that timestamp; None where it would be accepted."""
        outcome = (
            label_or_fault(self.value, timestamp_ms)
            if self.is_report
            else DECODER.fault(self.key, self.value, timestamp_ms)
        )
        return f"{outcome.field}: {outcome.reason}" if isinstance(outcome, Fault) else None


class DeadLetters(NamedTuple):
    """The newest letters, and how many there may be: markers of transactions count, too."""

    newest: list[DeadLetter]
    at_most: int


def newest_letters(
    settings: Settings, most: int, *, since_ms: int | None = None, wanted: Callable[[DeadLetter], bool] = lambda _: True
) -> DeadLetters:
    """At most so many of the letters that are wanted, newest first, rejected at or after a time.

    The labels topic is read to its beginning where it has fewer rejected reports.
    """

    def newest_of(topic: str, as_letter: Callable[[Message], DeadLetter | None]) -> DeadLetters:
        def letter(message: Message) -> DeadLetter | None:
            found = as_letter(message)
            return found if found and wanted(found) else None

        offsets = watermarks(consumer, topic)
        if since_ms is not None:
            starts = offsets_at(consumer, topic, since_ms)
            offsets = {p: (max(first, starts[p]), end) for p, (first, end) in offsets.items()}
        found = newest(consumer, topic, offsets, letter, most)
        return DeadLetters(found, sum(end - first for first, end in offsets.values()))

    with committed_reader(settings) as consumer:
        letters = newest_of(settings.kafka_dead_letter_topic, _letter)
        reports = newest_of(settings.kafka_labels_topic, _rejected_report).newest
    # Stable: letters of one topic stay in its order, whatever clocks their writers had.
    together = sorted([*letters.newest, *reports], key=lambda x: -x.rejected_ms) if reports else letters.newest
    return DeadLetters(together[:most], letters.at_most + len(reports))


def letters_of(settings: Settings, ids: Iterable[str]) -> list[DeadLetter]:
    """The letters with the ids, in their order; raises DeadLetterError for one that is not there."""
    with committed_reader(settings) as consumer:
        letters, reports = settings.kafka_dead_letter_topic, settings.kafka_labels_topic
        offsets = {topic: watermarks(consumer, topic) for topic in (letters, reports)}
        found = {}
        for letter_id in ids:
            topic, read = (reports, _rejected_report) if letter_id.startswith(_REPORT) else (letters, _letter)
            for message in read_range(consumer, topic, _place(letter_id, offsets[topic])):
                if letter := read(message):
                    found[letter_id] = letter
    if unknown := [letter_id for letter_id in ids if letter_id not in found]:
        raise DeadLetterError(f"there is no dead letter {', '.join(unknown)}: 'fraud dlq list' names them")
    return list(found.values())


def all_letters(settings: Settings) -> Iterator[DeadLetter]:
    """All letters of the dead-letter topic, partition by partition, oldest first; one at a time."""
    topic = settings.kafka_dead_letter_topic
    with committed_reader(settings) as consumer:
        yield from map(_letter, read_range(consumer, topic, watermarks(consumer, topic), messages_at_once=500))


def all_rejected_reports(settings: Settings) -> Iterator[DeadLetter]:
    """All rejected reports, partition by partition, oldest first."""
    topic = settings.kafka_labels_topic
    with committed_reader(settings) as consumer:
        yield from filter(None, map(_rejected_report, read_range(consumer, topic, watermarks(consumer, topic))))


def retries(events: Iterable[ScorerEvent]) -> dict[str, ScorerEvent]:
    """Id of each letter that was sent again → the event that says when, by whom and why."""
    return {e.letter: e for e in events if e.kind == "letter_retried" and e.letter is not None}


def _place(letter_id: str, offsets: OffsetRange) -> OffsetRange:
    """The one offset of a letter; nothing where the topic does not have it."""
    if not (match := _ID.fullmatch(letter_id)):
        return {}
    partition, offset = map(int, match.groups())
    first, end = offsets.get(partition, (0, 0))
    return {partition: (offset, offset + 1)} if first <= offset < end else {}


def _letter(message: Message) -> DeadLetter:
    headers = _headers(message)
    origin = _origin(headers)
    # What somebody else says of fields is not the decoder's word.
    field, reason = (headers.get("field", ""), headers.get("reason", "")) if origin else ("", FOREIGN)
    return DeadLetter(
        id=f"{message.partition()}-{message.offset()}",
        rejected_ms=message.timestamp()[1],
        key=message.key(),  # type: ignore[arg-type]
        value=message.value(),
        origin=origin,
        field=field,
        reason=reason,
    )


def _rejected_report(message: Message) -> DeadLetter | None:
    """None where the message is a report that is accepted."""
    place, at_ms, value = f"{message.partition()}-{message.offset()}", message.timestamp()[1], message.value()
    fault = label_or_fault(value, at_ms)
    if not isinstance(fault, Fault):
        return None
    origin = Origin(message.partition() or 0, message.offset() or 0, at_ms)
    key: bytes | None = message.key()  # type: ignore[assignment]
    return DeadLetter(f"{_REPORT}{place}", at_ms, key, value, origin, *fault, is_report=True)


def _headers(message: Message) -> dict[str, str]:
    """Headers as text; confluent-kafka gives them as a list of pairs, whose values may be None."""
    pairs: Iterable[tuple[str, bytes | None]] = message.headers() or []  # type: ignore[assignment]
    return {name: (value or b"").decode(errors="backslashreplace") for name, value in pairs}


def _origin(headers: dict[str, str]) -> Origin | None:
    texts = [headers.get(f"source_{name}", "") for name in ("partition", "offset", "timestamp_ms")]
    timestamp = texts[2].removeprefix("-")  # Kafka takes timestamps before 1970
    if not all(map(_NUMBER.fullmatch, (*texts[:2], timestamp))):
        return None
    return Origin(*map(int, texts))
