"""What is known of a challenger's probabilities: its shadow predictions against the labels that came meanwhile."""

from typing import NamedTuple

import msgspec

from fraud_platform.schemas import ShadowPrediction, decode_labels
from fraud_platform.settings import Settings
from fraud_platform.storage.kafka import committed_reader, offsets_at, read_range, watermarks


class EarlyLabels(NamedTuple):
    """Rows that a challenger looked on at."""

    rows: int
    expected: float
    """Sum of its probabilities."""
    reported: int
    """Of these rows, those whose latest report says fraud."""


def early_labels(settings: Settings, version: int, since_ms: int) -> EarlyLabels:
    """Of a version's shadow predictions that were written at `since_ms` or later."""
    decode = msgspec.json.Decoder(ShadowPrediction).decode
    shadows = (decode(value) for value, _ in _messages(settings, settings.kafka_shadow_topic, since_ms))
    probability = {s.transaction_id: s.probability for s in shadows if s.model_version == version}
    reports = _messages(settings, settings.kafka_labels_topic, since_ms)
    _, labels, _ = decode_labels([value for value, _ in reports], [time_ms for _, time_ms in reports])
    latest = {label.transaction_id: label.is_fraud for label in sorted(labels, key=lambda label: label.reported_at_ms)}
    reported = sum(latest.get(transaction_id, False) for transaction_id in probability)
    return EarlyLabels(len(probability), sum(probability.values()), reported)


def _messages(settings: Settings, topic: str, since_ms: int) -> list[tuple[bytes, int]]:
    """Value and timestamp of the messages from a time on."""
    with committed_reader(settings) as consumer:
        starts, ends = offsets_at(consumer, topic, since_ms), watermarks(consumer, topic)
        ranges = {p: (starts[p], end) for p, (_, end) in ends.items()}
        return [(m.value() or b"", m.timestamp()[1]) for m in read_range(consumer, topic, ranges)]
