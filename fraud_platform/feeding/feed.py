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

from fraud_platform.errors import FraudPlatformError, ServiceUnavailableError
from fraud_platform.feeding.messages import Message
from fraud_platform.feeding.pacing import Pace
from fraud_platform.messages.partitioner import LIBRDKAFKA
from fraud_platform.settings import Settings
from fraud_platform.storage.clock import now_ms
from fraud_platform.storage.kafka import producer
from fraud_platform.storage.kafka_errors import RIGHTS, kafka_failure
from fraud_platform.storage.key_sample import partitioner_to_use

DELIVERY_TIMEOUT_SECONDS = 60
SETTLE_SECONDS = 3.0
_WAIT_SECONDS = 0.005

_REFUSED = {
    KafkaError.MSG_SIZE_TOO_LARGE,
    KafkaError.INVALID_RECORD,
    KafkaError.POLICY_VIOLATION,
    KafkaError.INVALID_MSG_SIZE,
}
"""What a second attempt would get as well."""

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
    """A producer that reports failed deliveries only: a report on each message would halve its speed.

    It spreads keys as the transactions topic's other producers do, see `partitioner_to_use`.
    """
    return producer(
        settings,
        **{
            "partitioner": LIBRDKAFKA[partitioner_to_use(settings)],
            "delivery.report.only.error": True,
            "delivery.timeout.ms": DELIVERY_TIMEOUT_SECONDS * 1000,
        },
    )


def send(
    kafka: Producer,
    settings: Settings,
    schedule: Iterable[list[Message]],
    pace: Pace,
    *,
    stop: Event,
    on_sent: OnSent = lambda messages, at: None,
    on_settled: Callable[[], object] | None = None,
) -> FeedReport:
    """Send a schedule; ends early, with everything sent so far delivered, once `stop` is set.

    on_settled: is called now and then when Kafka has all that `on_sent` was told of. Raises
    ServiceUnavailableError or AccessDeniedError where Kafka did not take every message.
    """
    started = settled = time.monotonic()
    outlet = _Outlet(kafka, settings, pace.live)
    sent: Counter[str] = Counter()
    try:
        for run in _runs(schedule, pace, stop):
            at = time.time()
            outlet.produce(run)
            sent.update(message.kind for message in run)
            on_sent(run, at)
            if on_settled and time.monotonic() > settled + SETTLE_SECONDS:
                outlet.flush()
                on_settled()
                settled = time.monotonic()
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
            self._kafka.purge(in_flight=False)  # what follows a gap would stand before what is sent again
            raise _failure(self._settings, self._failures, undelivered)


def _failure(settings: Settings, failures: Sequence[KafkaError], undelivered: int) -> FraudPlatformError:
    """The error to raise where messages were not taken."""
    count, broker = len(failures) + undelivered, f"Kafka at KAFKA_BROKER={settings.kafka_broker}"
    if not failures:
        return ServiceUnavailableError(f"{broker} did not take {count:,} messages (no answer): see 'fraud status'")
    error = failures[0]
    told = f"{broker} did not take {count:,} messages ({error.str()})"
    if error.code() in RIGHTS:
        return kafka_failure(settings, error, "send messages")
    if error.code() == KafkaError.INVALID_TIMESTAMP:
        return ServiceUnavailableError(
            f"{told}: their times are outside what the topic takes, and it would refuse them again. "
            "'fraud doctor' names its limits; docs/operations.md, Times of messages"
        )
    if error.code() in _REFUSED:
        return ServiceUnavailableError(f"{told}, and it would refuse them again")
    return ServiceUnavailableError(f"{told}: see 'fraud status'")
