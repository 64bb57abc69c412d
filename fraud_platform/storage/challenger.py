"""What is known of a challenger's probabilities: its shadow predictions against the labels that came meanwhile."""

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from fraud_platform.schemas import ShadowPrediction, decode_labels
from fraud_platform.settings import Settings
from fraud_platform.storage.kafka import committed_reader, offsets_at, read_range, watermarks

MOST_SHADOWS = 1_000_000
"""Messages after a version was loaded; the oldest, since reports on them have had most time to come. Some 10 s."""


class EarlyLabels(NamedTuple):
    """Rows that a challenger looked on at."""

    rows: int
    expected: float
    """Sum of its probabilities."""
    reported: int
    """Of these rows, those whose latest report says fraud."""


def early_labels(settings: Settings, version: int, since_ms: int) -> EarlyLabels:
    """Of a version's shadow predictions among the first MOST_SHADOWS that were written at `since_ms` or later."""
    decode = msgspec.json.Decoder(ShadowPrediction).decode
    frauds = _reported_frauds(settings, since_ms)
    rows, expected, reported = 0, 0.0, 0
    for value, _ in _messages(settings, settings.kafka_shadow_topic, since_ms, MOST_SHADOWS):
        shadow = decode(value)
        if shadow.model_version == version:
            rows += 1
            expected += shadow.probability
            reported += shadow.transaction_id in frauds
    return EarlyLabels(rows, expected, reported)


def _reported_frauds(settings: Settings, since_ms: int) -> set[str]:
    """Transactions whose latest report says fraud."""
    reports = list(_messages(settings, settings.kafka_labels_topic, since_ms))
    _, labels, _ = decode_labels([value for value, _ in reports], [time_ms for _, time_ms in reports])
    latest = {label.transaction_id: label.is_fraud for label in sorted(labels, key=lambda label: label.reported_at_ms)}
    return {transaction_id for transaction_id, is_fraud in latest.items() if is_fraud}


def _messages(settings: Settings, topic: str, since_ms: int, most: int | None = None) -> Iterator[tuple[bytes, int]]:
    """Value and timestamp of the messages from a time on; of each partition its share of `most`."""
    with committed_reader(settings) as consumer:
        starts, ends = offsets_at(consumer, topic, since_ms), watermarks(consumer, topic)
        ranges = {p: (starts[p], end) for p, (_, end) in ends.items()}
        if most is not None:
            ranges = {p: (start, min(end, start + most // len(ends))) for p, (start, end) in ranges.items()}
        for message in read_range(consumer, topic, ranges):
            yield message.value() or b"", message.timestamp()[1]
