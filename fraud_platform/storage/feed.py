"""The feed: sends scheduled messages to Kafka at a chosen pace, and counts exactly what it sent.

One producer sends everything in the order of the schedule, so the message timestamps of
a partition never go back.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from threading import Event

from confluent_kafka import KafkaError, Producer

from fraud_platform.errors import ServiceUnavailableError
from fraud_platform.settings import Settings
from fraud_platform.storage.clock import now_ms
from fraud_platform.storage.feed_messages import Message
from fraud_platform.storage.kafka import producer
from fraud_platform.storage.pacing import Pace

DELIVERY_TIMEOUT_SECONDS = 60
_WAIT_SECONDS = 0.005

OnSent = Callable[[Sequence[Message], float], None]
"""Called after each run of messages with the wall-clock time, in seconds, at which its sending began."""


@dataclass(frozen=True)
class FeedReport:
    """What was delivered. `transactions` are those of the world, the late ones included."""

    transactions: int
    late: int
    duplicates: int
    malformed: int
    labels: int
    seconds: float

    @property
    def messages(self) -> int:
        return self.transactions + self.duplicates + self.malformed + self.labels


def feed_producer(settings: Settings) -> Producer:
    """A producer that reports failed deliveries only: a report on each message would halve its speed."""
    return producer(
        settings,
        **{"delivery.report.only.error": True, "delivery.timeout.ms": DELIVERY_TIMEOUT_SECONDS * 1000},
    )


def send(
    kafka: Producer,
    settings: Settings,
    schedule: Iterable[list[Message]],
    pace: Pace,
    *,
    stop: Event,
    on_sent: OnSent = lambda messages, at: None,
) -> FeedReport:
    """Send a schedule; ends early, with everything sent so far delivered, once `stop` is set.

    Raises ServiceUnavailableError where Kafka did not take every message.
    """
    started = time.monotonic()
    outlet = _Outlet(kafka, settings, pace.live)
    sent: Counter[str] = Counter()
    try:
        for run in _runs(schedule, pace, stop):
            at = time.time()
            outlet.produce(run)
            sent.update(message.kind for message in run)
            on_sent(run, at)
    finally:
        outlet.flush()
    return FeedReport(
        transactions=sent["transaction"] + sent["late"],
        late=sent["late"],
        duplicates=sent["duplicate"],
        malformed=sent["malformed"],
        labels=sent["label"],
        seconds=time.monotonic() - started,
    )


def _runs(schedule: Iterable[list[Message]], pace: Pace, stop: Event) -> Iterable[list[Message]]:
    """The messages in runs, each as soon as the pace allows it."""
    for messages in schedule:
        start = 0
        while start < len(messages):
            if stop.is_set():
                return
            end = pace.due(messages, start)
            if end == start:
                stop.wait(_WAIT_SECONDS)
                continue
            yield messages[start:end]
            start = end


class _Outlet:
    """The producer's end: topics, timestamps, a full queue, failed deliveries."""

    def __init__(self, kafka: Producer, settings: Settings, live: bool) -> None:
        self._kafka = kafka
        self._live = live
        self._settings = settings
        self._failures: list[KafkaError] = []

    def produce(self, run: Sequence[Message]) -> None:
        produce, failed = self._kafka.produce, self._on_delivery
        transactions, labels = self._settings.kafka_topic, self._settings.kafka_labels_topic
        present_ms = now_ms()
        for message in run:
            send_ms, kind, _, key, value = message
            topic = labels if kind == "label" else transactions
            timestamp = present_ms if self._live else send_ms
            while True:
                try:
                    produce(topic, value, key, timestamp=timestamp, on_delivery=failed)
                    break
                except BufferError:  # the queue is full: let the broker catch up
                    self._kafka.poll(0.1)
        self._kafka.poll(0)
        self._raise_failures(0)

    def flush(self) -> None:
        self._raise_failures(self._kafka.flush(DELIVERY_TIMEOUT_SECONDS + 5))

    def _on_delivery(self, error: KafkaError | None, _: object) -> None:
        if error is not None:
            self._failures.append(error)

    def _raise_failures(self, undelivered: int) -> None:
        if self._failures or undelivered:
            reason = self._failures[0].str() if self._failures else "no answer"
            raise ServiceUnavailableError(
                f"Kafka at KAFKA_BROKER={self._settings.kafka_broker} did not take "
                f"{len(self._failures) + undelivered} messages ({reason}): see 'fraud status', then send them again"
            )
