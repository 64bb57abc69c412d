"""What a scorer read and wrote, and whether the one follows from the other: each once, features as in batch."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import msgspec
import numpy as np
from confluent_kafka import Message

from fraud_platform.feeding.messages import Message as FeedMessage
from fraud_platform.messages.declared.decoder import Decoded
from fraud_platform.messages.schemas import Prediction
from fraud_platform.messages.transactions import DECODER
from fraud_platform.settings import Settings
from fraud_platform.storage.kafka import any_reader, committed_reader, producer
from fraud_platform.storage.kafka_offsets import read_range, watermarks
from fraud_platform_tests.support.decoded_events import events_of_messages
from fraud_platform_tests.support.simulated_world import FEATURE_NAMES, KERNEL, LAYOUT, MERCHANT_FEATURES
from fraud_platform_tests.support.velocity_at_once import velocities_at_once
from fraud_platform_tests.support.waiting import wait_until

Place = tuple[int, int]
"""Partition and offset."""


def send(settings: Settings, messages: list[FeedMessage]) -> None:
    """Transactions and labels, all at once: days that became visible bit by bit would be later than a minute.

    Returns when committed readers see all of them, which is after the commit, and for each
    partition at another moment: a scorer that runs is to be `frozen` meanwhile.
    """
    kafka = producer(settings, **{"transactional.id": settings.kafka_topic})
    kafka.init_transactions(30)
    kafka.begin_transaction()
    for message in sorted(messages):
        topic = settings.kafka_labels_topic if message.kind == "label" else settings.kafka_topic
        kafka.produce(topic, message.value, message.key, timestamp=message.send_ms)
        kafka.poll(0)
    kafka.commit_transaction(60)
    for topic in (settings.kafka_topic, settings.kafka_labels_topic):
        wait_until(lambda topic=topic: is_all_visible(settings, topic), f"what was sent to {topic}")


def is_all_visible(settings: Settings, topic: str) -> bool:
    """Whether no transaction of a writer is open on it."""
    with committed_reader(settings) as committed, any_reader(settings) as stored:
        return watermarks(committed, topic) == watermarks(stored, topic)


def read(settings: Settings, topic: str) -> list[Message]:
    """All committed messages of a topic."""
    with committed_reader(settings) as consumer:
        return list(read_range(consumer, topic, watermarks(consumer, topic)))


def predictions(settings: Settings) -> list[Prediction]:
    decode = msgspec.json.Decoder(Prediction).decode
    return [decode(m.value()) for m in read(settings, settings.kafka_predictions_topic)]


class Outcome(NamedTuple):
    """What came out twice, or more than it should, and what did not come out."""

    accepted: int
    lost: int
    doubled: int
    rejected: int
    letters_lost: int
    letters_doubled: int

    @property
    def is_exactly_once(self) -> bool:
        return (self.lost, self.doubled, self.letters_lost, self.letters_doubled) == (0, 0, 0, 0)


def outcome(settings: Settings, former: Sequence[list[Message]] = ()) -> Outcome:
    """One prediction is due for each accepted transaction id, and one dead letter for each rejected message.

    former: what stood in topics of the same name that were deleted, each of which counts for itself.
    """
    due_ids: Counter[str] = Counter()
    due_letters: Counter[Place] = Counter()
    for rows in (*former, read(settings, settings.kafka_topic)):
        decoded = _decoded(rows)
        due_ids.update(set(decoded.columns["transaction_id"]))
        due_letters.update((rows[r.index].partition(), rows[r.index].offset()) for r in decoded.rejections)
    headers = [dict(m.headers()) for m in read(settings, settings.kafka_dead_letter_topic)]
    letters = [(int(h["source_partition"]), int(h["source_offset"])) for h in headers]
    return Outcome(
        due_ids.total(),
        *_missing_and_surplus(due_ids, Counter(p.transaction_id for p in predictions(settings))),
        due_letters.total(),
        *_missing_and_surplus(due_letters, Counter(letters)),
    )


def _missing_and_surplus(due: Counter, came: Counter) -> tuple[int, int]:
    return (due - came).total(), (came - due).total()


def assert_features_equal_batch(settings: Settings, former: Sequence[list[Message]] = ()) -> None:
    """Bitwise: what the scorer logged is what the kernel gives on the topic's rows in one go; former: see `outcome`."""
    batch: dict[tuple[str, Place], np.ndarray] = {}
    for rows in (*former, read(settings, settings.kafka_topic)):
        batch |= _features_in_one_go(rows)
    scored = predictions(settings)
    stream = np.array([p.features for p in scored])
    stream = np.delete(stream, [FEATURE_NAMES.index(f.name) for f in MERCHANT_FEATURES], axis=1)
    places = [(p.transaction_id, (p.source_partition, p.source_offset)) for p in scored]
    np.testing.assert_array_equal(stream, [batch[place] for place in places])


def _features_in_one_go(received: list[Message]) -> dict[tuple[str, Place], np.ndarray]:
    """Features of each accepted transaction, by its id and place."""
    # By time first: a customer's transactions lie in two partitions once a topic got another one.
    rows = sorted(received, key=lambda m: (m.timestamp()[1], m.offset()))
    decoded = _decoded(rows)
    rows = [rows[i] for i in decoded.accepted]
    events = events_of_messages(decoded.columns, [m.timestamp()[1] for m in rows])
    values = np.hstack((KERNEL.features(LAYOUT.empty, events).values, velocities_at_once(events)))
    ids = decoded.columns["transaction_id"]
    return {(i, (m.partition(), m.offset())): v for i, m, v in zip(ids, rows, values, strict=True)}


def _decoded(rows: list[Message]) -> Decoded:
    return DECODER.decode([m.key() for m in rows], [m.value() for m in rows], [m.timestamp()[1] for m in rows])
