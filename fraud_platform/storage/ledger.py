"""The scorer's ledger: the events that it writes about itself, and waiting for one of them."""

import time

import msgspec
from confluent_kafka import Consumer, KafkaError, KafkaException

from fraud_platform.core.ledger import last_answer
from fraud_platform.errors import ModelRefusedError, PromotionError
from fraud_platform.schemas import ScorerEvent, encode
from fraud_platform.settings import Settings
from fraud_platform.storage.kafka import (
    REQUEST_TIMEOUT_SECONDS,
    OffsetRange,
    any_reader,
    clear_errors,
    committed_reader,
    producer,
    read_range,
    watermarks,
)

POLL_SECONDS = 0.5


def scorer_events(settings: Settings) -> list[ScorerEvent]:
    """All committed events before the first transaction that is still open, oldest first."""
    topic = settings.kafka_events_topic
    with committed_reader(settings) as consumer:
        return _read(settings, consumer, watermarks(consumer, topic))


def last_champion(settings: Settings) -> int | None:
    """The version that a scorer put in force last; None where none has."""
    versions = [event.model_version for event in scorer_events(settings) if event.kind == "model_loaded"]
    return versions[-1] if versions else None


def settled_events(settings: Settings) -> list[ScorerEvent]:
    """All events that are committed by now, oldest first; the end of open transactions is waited for.

    Raises ServiceUnavailableError where one does not end.
    """
    topic = settings.kafka_events_topic
    with committed_reader(settings) as consumer, any_reader(settings) as other:
        return _read(settings, consumer, watermarks(other, topic))


def write_event(settings: Settings, event: ScorerEvent) -> None:
    """Write an event of whoever is not the scorer; raises ServiceUnavailableError where Kafka does not take it."""
    failures: list[KafkaError] = []
    kafka = producer(settings)
    with clear_errors(settings, f"write {settings.kafka_events_topic}"):
        kafka.produce(
            settings.kafka_events_topic,
            encode(event),
            event.scorer_id.encode(),
            on_delivery=lambda error, _: failures.append(error) if error else None,
        )
        if kafka.flush(REQUEST_TIMEOUT_SECONDS) or failures:
            raise KafkaException(failures[0] if failures else KafkaError(KafkaError._TIMED_OUT))


def _read(settings: Settings, consumer: Consumer, offsets: OffsetRange) -> list[ScorerEvent]:
    decode = msgspec.json.Decoder(ScorerEvent).decode
    return [decode(m.value() or b"") for m in read_range(consumer, settings.kafka_events_topic, offsets)]


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
