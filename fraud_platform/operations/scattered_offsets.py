"""What Kafka has at single offsets that lie scattered over a topic."""

from collections.abc import Iterator, Mapping

import numpy as np
from confluent_kafka import Consumer
from numpy.typing import NDArray

from fraud_platform.settings import Settings
from fraud_platform.storage.kafka import committed_reader
from fraud_platform.storage.kafka_offsets import read_range

Offsets = NDArray[np.int64]

_NEAR = 10_000
"""Offsets closer than this are read in one go: to seek costs more than the messages between them."""


def count_messages(settings: Settings, topic: str, offsets: Mapping[int, Offsets]) -> int:
    """How many of some offsets of each partition, (n,) and ascending, hold a committed message.

    The others hold the marker of a transaction or a message of one that was aborted.
    """
    with committed_reader(settings) as consumer:
        return sum(_count(consumer, topic, partition, wanted) for partition, wanted in offsets.items())


def _count(consumer: Consumer, topic: str, partition: int, wanted: Offsets) -> int:
    found = 0
    for stretch in _stretches(wanted):
        offsets = [m.offset() or 0 for m in read_range(consumer, topic, {partition: stretch})]
        found += int(np.isin(offsets, wanted).sum())
    return found


def _stretches(offsets: Offsets) -> Iterator[tuple[int, int]]:
    """Ranges that hold all the offsets."""
    for part in np.split(offsets, np.flatnonzero(np.diff(offsets) > _NEAR) + 1):
        if len(part):
            yield int(part[0]), int(part[-1]) + 1
