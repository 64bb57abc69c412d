"""The scorer's ledger: the events that it writes about itself, and waiting for one of them."""

import time
from collections.abc import Sequence
from typing import NamedTuple

from confluent_kafka import Consumer

from fraud_platform.errors import ModelRefusedError, PromotionError
from fraud_platform.messages.schemas import LAST_TIME_MS, ScorerEvent, encode
from fraud_platform.messages.tolerant import TolerantReader
from fraud_platform.settings import Settings
from fraud_platform.storage.kafka import any_reader, committed_reader, write_one
from fraud_platform.storage.kafka_offsets import OffsetRange, read_range, watermarks

POLL_SECONDS = 0.5
MOST_BYTES = 100_000
"""Of a line: the offsets of thousands of partitions, or a long reason."""
_OF_A_VERSION = (
    "model_loaded",
    "model_refused",
    "challenger_loaded",
    "challenger_refused",
    "canary_loaded",
    "canary_refused",
    "canary_rolled_back",
    "champion_set",
    "drift_detected",
)


class LedgerLine(NamedTuple):
    """An event and its offset in Kafka."""

    offset: int
    event: ScorerEvent


def ledger_lines(settings: Settings, from_offset: int = 0) -> list[LedgerLine]:
    """All committed events from an offset on and before the first transaction that is still open, oldest first.

    Messages that are no events are skipped, and the log names them.
    """
    topic = settings.kafka_events_topic
    with committed_reader(settings) as consumer:
        return _read(settings, consumer, watermarks(consumer, topic), from_offset)


def ledger_end(settings: Settings) -> int:
    """The offset after the last committed line."""
    with committed_reader(settings) as consumer:
        return watermarks(consumer, settings.kafka_events_topic)[0][1]


def scorer_events(settings: Settings) -> list[ScorerEvent]:
    """The events of all `ledger_lines`."""
    return [line.event for line in ledger_lines(settings)]


def last_champion(settings: Settings) -> ScorerEvent | None:
    """The event of the version that a scorer put in force last; None where none has."""
    return next((event for event in reversed(scorer_events(settings)) if event.kind == "model_loaded"), None)


def settled_events(settings: Settings) -> list[ScorerEvent]:
    """All events that are committed by now, oldest first; the end of open transactions is waited for.

    Raises ServiceUnavailableError where one does not end.
    """
    topic = settings.kafka_events_topic
    with committed_reader(settings) as consumer, any_reader(settings) as other:
        return [line.event for line in _read(settings, consumer, watermarks(other, topic))]


def write_event(settings: Settings, event: ScorerEvent) -> None:
    """Write an event of whoever is not the scorer; raises ServiceUnavailableError where Kafka does not take it."""
    write_one(settings, settings.kafka_events_topic, event.scorer_id.encode(), encode(event))


def last_answer(events: Sequence[ScorerEvent], version: int, asked: ScorerEvent | None) -> ScorerEvent | None:
    """The scorer's last word on a version, taken or refused, from all events, oldest first; None where there is none.

    asked: only what follows this event counts; None for whatever stands there. Their order
    tells, and not their times, which are those of several machines' clocks.
    """
    if asked is not None:
        if asked not in events:  # a transaction that is still open hides it
            return None
        events = events[events.index(asked) + 1 :]
    answers = (event for event in reversed(events) if event.kind in ("model_loaded", "model_refused"))
    return next((event for event in answers if event.model_version == version), None)


def _read(settings: Settings, consumer: Consumer, offsets: OffsetRange, from_offset: int = 0) -> list[LedgerLine]:
    reader = TolerantReader(settings.kafka_events_topic, ScorerEvent, _fault, MOST_BYTES)
    wanted = {p: (max(first, from_offset), end) for p, (first, end) in offsets.items()}
    lines = []
    for message in read_range(consumer, settings.kafka_events_topic, wanted):
        event = reader.decode(message.partition(), message.offset(), message.value())
        if event is not None:
            lines.append(LedgerLine(message.offset() or 0, event))
    reader.tell()
    return lines


def _fault(event: ScorerEvent) -> str | None:
    """What no writer of the ledger would write, and a reader could stumble over."""
    version = event.model_version
    if version is None and event.kind in _OF_A_VERSION:
        return f"{event.kind} without a model_version"
    if version is not None and not 0 < version < 2**31:
        return f"model_version {version}"
    if not 0 <= event.at_ms <= LAST_TIME_MS:
        return f"at_ms {event.at_ms}"
    for partition, offset in (event.from_offsets or {}).items():
        if not (partition.isdecimal() and partition.isascii() and len(partition) < 10 and 0 <= offset < 2**63):
            return f"offset {offset} of partition {partition} in from_offsets"
    return None


def wait_for_model(settings: Settings, version: int, asked: ScorerEvent | None, timeout_seconds: float) -> ScorerEvent:
    """The scorer's acknowledgement that it loaded a model version; asked: see `last_answer`.

    Raises ModelRefusedError where the scorer refuses the version, PromotionError where it says nothing in time.
    """
    deadline = time.monotonic() + timeout_seconds
    while (answer := last_answer(scorer_events(settings), version, asked)) is None:
        if time.monotonic() > deadline:
            raise PromotionError(
                f"no scorer took version {version} within {timeout_seconds:g} s: "
                "is it running? See 'fraud status' and logs/scorer.log"
            )
        time.sleep(POLL_SECONDS)
    if answer.kind == "model_refused":
        raise ModelRefusedError(f"the scorer refused version {version}: {answer.reason}")
    return answer
