"""Kafka: client configuration, clients and topics. Nothing here knows what a message means."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer
from confluent_kafka.admin import AdminClient, NewTopic

from fraud_platform.messages.partitioner import LIBRDKAFKA, MURMUR2
from fraud_platform.settings import Settings
from fraud_platform.storage.kafka_errors import FINAL, kafka_failure
from fraud_platform.storage.kafka_security import java_security, librdkafka_security
from fraud_platform.storage.message_times import RETENTION_MS, limits

REQUEST_TIMEOUT_SECONDS = 15


def client_config(settings: Settings, **overrides: Any) -> dict[str, Any]:
    """Configuration shared by all confluent-kafka clients of the platform."""
    return {
        "bootstrap.servers": settings.kafka_broker,
        "log_level": 2,  # its own lines on a broker that is away would drown the one clear line
        "socket.connection.setup.timeout.ms": 5000,
        **librdkafka_security(settings),
        **overrides,
    }


def spark_options(settings: Settings) -> dict[str, str]:
    """The same for Spark's Kafka source, which then sees committed messages only."""
    options = {
        "bootstrap.servers": settings.kafka_broker,
        "isolation.level": "read_committed",
        **java_security(settings),
    }
    return {f"kafka.{name}": value for name, value in options.items()}


@contextmanager
def clear_errors(settings: Settings, action: str) -> Iterator[None]:
    """Turns Kafka's errors into ServiceUnavailableError or AccessDeniedError; action as in 'read transactions'."""
    try:
        yield
    except KafkaException as error:
        raise kafka_failure(settings, error.args[0], action) from None


def admin_client(settings: Settings, timeout_seconds: float = REQUEST_TIMEOUT_SECONDS) -> AdminClient:
    """An admin client of a broker that answers.

    Raises ServiceUnavailableError where it does not, AccessDeniedError where it refuses the login.
    """
    heard: list[KafkaError] = []
    admin = AdminClient(client_config(settings, error_cb=heard.append))
    deadline = time.monotonic() + timeout_seconds
    while True:
        try:
            admin.list_topics(timeout=1)
            return admin
        except KafkaException as error:
            admin.poll(0)  # hands over why the connections failed, which the request does not know
            final = next((e for e in heard if e.code() in FINAL), None)
            if final or time.monotonic() > deadline:
                raise kafka_failure(settings, final or error.args[0], "list the topics") from None


def create_topics(settings: Settings) -> list[str]:
    """Create the missing topics of the platform; returns their names. Safe to call again.

    Needs no right to create where an administrator has done so.
    """
    admin = admin_client(settings)
    present = admin.list_topics(timeout=REQUEST_TIMEOUT_SECONDS).topics
    # The ledger is read in order, so it has one partition.
    new = [
        NewTopic(
            name,
            num_partitions=1 if name == settings.kafka_events_topic else settings.kafka_partitions,
            config={"retention.ms": str(RETENTION_MS), **limits(settings)},
        )
        for name in settings.topics
        if name not in present
    ]
    created = []
    futures = admin.create_topics(new, request_timeout=REQUEST_TIMEOUT_SECONDS) if new else {}
    for name, future in futures.items():
        try:
            future.result()
            created.append(name)
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise kafka_failure(settings, error.args[0], f"create {name}") from None
    return created


def producer(settings: Settings, **overrides: Any) -> Producer:
    """An idempotent producer, batching for throughput."""
    return Producer(
        client_config(
            settings,
            **{
                "enable.idempotence": True,
                "partitioner": LIBRDKAFKA[MURMUR2],
                "linger.ms": 20,
                "compression.type": "lz4",
                "queue.buffering.max.messages": 500_000,
                **overrides,
            },
        )
    )


def write_one(settings: Settings, topic: str, key: bytes, value: bytes, partition: int = -1) -> None:
    """Write one message and wait for Kafka's answer; by its key's hash where no partition is named.

    Raises ServiceUnavailableError where Kafka does not take it, AccessDeniedError where it refuses the login.
    """
    failures: list[KafkaError] = []
    kafka = producer(settings)
    with clear_errors(settings, f"write {topic}"):
        kafka.produce(
            topic, value, key, partition, on_delivery=lambda error, _: failures.append(error) if error else None
        )
        if kafka.flush(REQUEST_TIMEOUT_SECONDS) or failures:
            raise KafkaException(failures[0] if failures else KafkaError(KafkaError._TIMED_OUT))


@contextmanager
def committed_reader(settings: Settings) -> Iterator[Consumer]:
    """A consumer outside any group's management that sees committed messages only.

    What Kafka refuses it inside the block is raised as ServiceUnavailableError or AccessDeniedError.
    """
    with _reader(settings, "read_committed") as consumer:
        yield consumer


@contextmanager
def any_reader(settings: Settings) -> Iterator[Consumer]:
    """The same for all messages; its watermarks end at the topic's very end, not at an open transaction."""
    with _reader(settings, "read_uncommitted") as consumer:
        yield consumer


@contextmanager
def _reader(settings: Settings, isolation: str) -> Iterator[Consumer]:
    consumer = Consumer(
        client_config(
            settings,
            **{
                "group.id": f"{settings.kafka_group_id}-reader",
                "enable.auto.commit": False,
                "isolation.level": isolation,
                "enable.partition.eof": True,
                # The end of a partition is told after such a wait, and its midnights are looked up one by one.
                "fetch.wait.max.ms": 10,
                "auto.offset.reset": "earliest",
            },
        )
    )
    try:
        with clear_errors(settings, "read its topics"):
            yield consumer
    finally:
        consumer.close()
