"""A topic whose messages have other keys, or none, written once more with the declared key as their own.

Each message goes out in a Kafka transaction that commits the position it was read at, so that each is
there once, whatever ends the process. Value, headers and time stay as they are.
"""

from collections.abc import Callable
from contextlib import suppress
from threading import Event
from typing import Any, NamedTuple

import msgspec
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from fraud_platform.core.declaration.fields.field import split_path
from fraud_platform.declared import DECLARATION, FEATURE_SET
from fraud_platform.errors import ConfigurationError, ServiceUnavailableError
from fraud_platform.settings import Settings
from fraud_platform.storage.kafka import admin_client, clear_errors, client_config, committed_reader, producer
from fraud_platform.storage.kafka_offsets import newest_offsets, watermarks
from fraud_platform.storage.newest_messages import read_together

_PATH = (
    *split_path(DECLARATION.header.message.envelope or ""),
    *FEATURE_SET.world.field(FEATURE_SET.key).source,
)
"""Names of the members that lead to the key."""
AT_ONCE, POLL_SECONDS = 5_000, 0.5
"""Messages of one transaction, and how long it waits for the first of them."""
TRANSACTION_SECONDS = 60
SAMPLED, FEWEST = 1_000, 20
"""Newest messages that are looked at, and as many as say something."""
OnWritten = Callable[["Rekeyed"], object]


class Rekeyed(NamedTuple):
    """What was written so far."""

    messages: int = 0
    without_key: int = 0
    """Of those: no such member could be read, so they kept the key that they had."""


def declared_key(value: bytes | None) -> bytes | None:
    """The key that a message says it has; None where it cannot be read."""
    try:
        found: Any = msgspec.json.decode(value or b"")
        for name in _PATH:
            found = found[name]
    except Exception:  # whatever it is, the scorer's decoder says so of the message that is passed on
        return None
    return found.encode(errors="replace") if isinstance(found, str) else None


def refuse_foreign_keys(settings: Settings) -> None:
    """Raise ConfigurationError where most of the newest messages of KAFKA_TOPIC have another key than the declared one.

    Each would be rejected, since a key's transactions are in no order. Few of them are: those become dead letters.
    """
    if FEATURE_SET.world.with_role("key") is None:
        return
    topic, told, foreign = settings.kafka_topic, 0, 0
    with committed_reader(settings) as consumer:
        offsets = watermarks(consumer, topic)
        each = -(-SAMPLED // max(1, len(offsets)))
        for message in read_together(consumer, topic, newest_offsets(offsets, each)):
            if (key := declared_key(message.value())) is not None:
                told, foreign = told + 1, foreign + (message.key() != key)
    if told >= FEWEST and foreign > told / 2:
        raise ConfigurationError(
            f"{foreign:,} of the newest {told:,} messages of {topic} have another key than their {FEATURE_SET.key}: "
            f"set KAFKA_TOPIC to a topic of its own, have 'fraud rekey {topic} --follow' fill it, and start again"
        )


def rekey(
    settings: Settings, source: str, stop: Event, *, follow: bool, on_written: OnWritten = lambda done: None
) -> Rekeyed:
    """Copy the committed messages of `source` into KAFKA_TOPIC, each with its declared key, until `stop` is set.

    follow: go on once the end is reached, which a service does. A later call goes on where this one
    ended. Raises ConfigurationError where source and target are one, or source is not there, and
    ServiceUnavailableError or AccessDeniedError for what Kafka refuses.
    """
    _require(settings, source)
    group = f"{settings.kafka_group_id}-rekey-{source}"
    done = Rekeyed()
    with clear_errors(settings, f"rekey {source}"):
        writer = producer(settings, **{"transactional.id": group, "transaction.timeout.ms": TRANSACTION_SECONDS * 1000})
        writer.init_transactions(TRANSACTION_SECONDS)  # a killed predecessor's transaction is ended here
        reader, at_end = _reader(settings, group, source), set[int]()
        try:
            while not stop.is_set():
                messages = _read(reader, at_end)
                if messages:
                    done = _written(settings, writer, reader, messages, done)
                    on_written(done)
                elif not follow and _is_at_end(reader, source, at_end):
                    break
        finally:
            reader.close()
    return done


def _require(settings: Settings, source: str) -> None:
    if source == settings.kafka_topic:
        raise ConfigurationError(
            f"{source} is KAFKA_TOPIC itself: set KAFKA_TOPIC to another topic, which the scorer then reads"
        )
    if source not in admin_client(settings).list_topics(timeout=10).topics:
        raise ConfigurationError(f"there is no topic {source}: give the one whose messages have other keys")


def _reader(settings: Settings, group: str, source: str) -> Consumer:
    reader = Consumer(
        client_config(
            settings,
            **{
                "group.id": group,
                "enable.auto.commit": False,
                "isolation.level": "read_committed",
                "auto.offset.reset": "earliest",
                "enable.partition.eof": True,
                "partition.assignment.strategy": "range",
            },
        )
    )
    reader.subscribe([source])
    return reader


def _read(reader: Consumer, at_end: set[int]) -> list[Message]:
    """The next messages; keeps up to date of which partitions there are no more of them."""
    messages = []
    for message in reader.consume(AT_ONCE, POLL_SECONDS):
        partition, error = message.partition() or 0, message.error()
        if error is None:
            at_end.discard(partition)
            messages.append(message)
        elif error.code() == KafkaError._PARTITION_EOF:
            at_end.add(partition)
        else:
            raise KafkaException(error)
    return messages


def _written(settings: Settings, writer: Producer, reader: Consumer, messages: list[Message], done: Rekeyed) -> Rekeyed:
    """Write some messages and the positions after them, or neither."""
    without_key = 0
    writer.begin_transaction()
    try:
        for message in messages:
            key = declared_key(message.value())
            without_key += key is None
            writer.produce(
                settings.kafka_topic,
                message.value(),
                message.key() if key is None else key,
                headers=message.headers(),
                timestamp=message.timestamp()[1],
            )
            writer.poll(0)
        ends: dict[int, int] = {}
        for message in messages:
            ends[message.partition()] = message.offset() + 1  # type: ignore[index, operator]
        positions = [TopicPartition(messages[0].topic() or "", p, offset) for p, offset in ends.items()]
        writer.send_offsets_to_transaction(positions, reader.consumer_group_metadata(), TRANSACTION_SECONDS)
        writer.commit_transaction(TRANSACTION_SECONDS)
    except BaseException:
        with suppress(KafkaException):
            writer.abort_transaction(10)
        raise
    return Rekeyed(done.messages + len(messages), done.without_key + without_key)


def _is_at_end(reader: Consumer, source: str, at_end: set[int]) -> bool:
    """Raises ServiceUnavailableError where another process reads a part of the topic, which would be missing here."""
    assigned = {place.partition for place in reader.assignment()}
    if not assigned or not assigned <= at_end:
        return False
    if assigned != set(watermarks(reader, source)):
        raise ServiceUnavailableError(f"another 'fraud rekey' of {source} reads a part of it: let it end first")
    return True
