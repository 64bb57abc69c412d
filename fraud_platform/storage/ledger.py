"""The scorer's ledger: the events that it writes about itself, and waiting for one of them."""

import time

import msgspec

from fraud_platform.errors import PromotionError
from fraud_platform.schemas import ScorerEvent
from fraud_platform.settings import Settings
from fraud_platform.storage.kafka import committed_reader, read_range, watermarks

POLL_SECONDS = 0.5


def scorer_events(settings: Settings) -> list[ScorerEvent]:
    """All committed events, oldest first."""
    decode = msgspec.json.Decoder(ScorerEvent).decode
    topic = settings.kafka_events_topic
    with committed_reader(settings) as consumer:
        return [decode(m.value() or b"") for m in read_range(consumer, topic, watermarks(consumer, topic))]


def wait_for_model(settings: Settings, version: int, since_ms: int, timeout_seconds: float) -> ScorerEvent:
    """The scorer's acknowledgement that it loaded a model version, written at `since_ms` or later.

    Raises PromotionError where the scorer refuses the version or says nothing in time.
    """
    deadline = time.monotonic() + timeout_seconds
    while True:
        for event in scorer_events(settings):
            if event.model_version != version or event.at_ms < since_ms:
                continue
            if event.kind == "model_loaded":
                return event
            if event.kind == "model_refused":
                raise PromotionError(f"the scorer refused version {version}: {event.reason}")
        if time.monotonic() > deadline:
            raise PromotionError(
                f"no scorer took version {version} within {timeout_seconds:g} s: "
                "is it running? See 'fraud status' and logs/scorer.log"
            )
        time.sleep(POLL_SECONDS)
