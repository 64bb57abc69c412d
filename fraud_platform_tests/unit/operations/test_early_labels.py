"""What a new version's rows add up to. On a real topic it is integration/test_challenger.py."""

import tracemalloc
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from fraud_platform.messages.schemas import Label, ShadowPrediction, encode
from fraud_platform.operations import early_labels
from fraud_platform_tests.support.predictions import NOW_MS, shadow

ROWS = 20_000


class Received(NamedTuple):
    """A message as a consumer gives it."""

    content: bytes | None
    time_ms: int
    number: int

    def value(self) -> bytes | None:
        return self.content

    def timestamp(self) -> tuple[int, int]:
        return 1, self.time_ms

    def partition(self) -> int:
        return 0

    def offset(self) -> int:
        return self.number


def shadows() -> Iterator[ShadowPrediction]:
    """Every fourth is of version 2."""
    return (shadow(n, 0.25, version=2 if n % 4 == 0 else 1) for n in range(ROWS))


def report(number: int, is_fraud: bool, at_ms: int) -> Label:
    return Label(schema_version=1, transaction_id=f"T{number}", is_fraud=is_fraud, reported_at_ms=at_ms)


@pytest.fixture
def topics(settings, monkeypatch) -> None:
    """Labels on T0 to T9, the last two of them taken back, and shadows of 20,000 transactions."""
    labels = [report(n, True, NOW_MS) for n in range(10)] + [report(n, False, NOW_MS + 1) for n in (8, 9)]

    def messages(_, topic: str, since_ms: int, most: int | None = None) -> Iterator[Received]:
        if topic == settings.kafka_labels_topic:
            yield from (Received(encode(label), since_ms + 1, n) for n, label in enumerate(labels))
        else:
            yield from (Received(encode(struct), since_ms + 1, n) for n, struct in enumerate(shadows()))
            yield from (
                Received(value, since_ms + 1, ROWS) for value in (b"", None, b"garbage", b'{"model_version": 1}')
            )

    monkeypatch.setattr(early_labels, "_messages", messages)


@pytest.mark.parametrize(("version", "reported"), [(1, 6), (2, 2), (3, 0)])
def test_a_version_s_own_rows_count(settings, topics, version, reported):
    rows = {1: ROWS * 3 // 4, 2: ROWS // 4, 3: 0}[version]
    assert early_labels.early_labels(settings, settings.kafka_shadow_topic, version, NOW_MS) == (
        rows,
        rows / 4,
        reported,
    )


def test_memory_does_not_grow_with_the_challengers_life(settings, topics):
    tracemalloc.start()
    try:
        early_labels.early_labels(settings, settings.kafka_shadow_topic, 1, NOW_MS)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < ROWS * 5, "bytes a row"
