"""What is known of a new version's probabilities: its predictions against the labels that came meanwhile."""

from collections.abc import Iterator
from typing import NamedTuple

import msgspec
import pandas as pd
from confluent_kafka import Message

from fraud_platform.core.reports import reported_frauds
from fraud_platform.messages.decoding import decode_labels
from fraud_platform.messages.reports import report_frame
from fraud_platform.messages.tolerant import TolerantReader
from fraud_platform.settings import Settings
from fraud_platform.storage.kafka import committed_reader
from fraud_platform.storage.kafka_offsets import offsets_at, read_range, watermarks

MOST_ROWS = 1_000_000
"""Messages after a version was loaded; the oldest, since reports on them have had most time to come. Some 10 s."""


class _Scored(msgspec.Struct):
    """What of a prediction, or of a shadow prediction, is read."""

    transaction_id: str
    customer_id: str
    model_version: int
    probability: float


class EarlyLabels(NamedTuple):
    """Rows that a version scored."""

    rows: int
    expected: float
    """Sum of its probabilities."""
    reported: int
    """Of these rows, those whose latest report says fraud."""


def early_labels(settings: Settings, topic: str, version: int, since_ms: int) -> EarlyLabels:
    """Of a version's rows among the first MOST_ROWS of the topic that were written at `since_ms` or later.

    topic: that of shadow predictions for one that looks on, that of predictions for one that decides.
    """
    reports = reports_since(settings, since_ms)
    reported_ids = set(reports["transaction_id"])
    reader = TolerantReader(topic, _Scored)
    rows, expected = 0, 0.0
    reported: list[tuple[str, str, bool]] = []  # of all versions: an id may be another customer's, too
    for message in _messages(settings, topic, since_ms, MOST_ROWS):
        scored = reader.decode(message.partition(), message.offset(), message.value())
        if scored is None:
            continue
        is_asked_for = scored.model_version == version
        if scored.transaction_id in reported_ids:
            reported.append((scored.transaction_id, scored.customer_id, is_asked_for))
        if is_asked_for:
            rows += 1
            expected += scored.probability
    reader.tell()
    found = pd.DataFrame(reported, columns=["transaction_id", "customer_id", "is_asked_for"])
    ids, customers = (found[name].to_numpy(object) for name in ("transaction_id", "customer_id"))
    frauds = reported_frauds(ids, customers, reports)
    return EarlyLabels(rows, expected, int((frauds & found["is_asked_for"].to_numpy(bool)).sum()))


def reports_since(settings: Settings, since_ms: int) -> pd.DataFrame:
    """The reports that came at `since_ms` or later, as `reported_frauds` takes them."""
    messages = list(_messages(settings, settings.kafka_labels_topic, since_ms))
    _, labels, _ = decode_labels([m.value() for m in messages], [m.timestamp()[1] for m in messages])
    return report_frame(labels)


def _messages(settings: Settings, topic: str, since_ms: int, most: int | None = None) -> Iterator[Message]:
    """The messages from a time on; of each partition its share of `most`."""
    with committed_reader(settings) as consumer:
        starts, ends = offsets_at(consumer, topic, since_ms), watermarks(consumer, topic)
        ranges = {p: (starts[p], end) for p, (_, end) in ends.items()}
        if most is not None:
            ranges = {p: (start, min(end, start + most // len(ends))) for p, (start, end) in ranges.items()}
        yield from read_range(consumer, topic, ranges)
