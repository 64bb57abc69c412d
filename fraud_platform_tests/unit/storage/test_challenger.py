"""What a challenger's shadows add up to. On a real topic it is integration/test_challenger.py."""

import tracemalloc
from collections.abc import Iterator

import pytest

from fraud_platform.schemas import Label, ShadowPrediction, encode
from fraud_platform.storage import challenger
from fraud_platform_tests.shadows import NOW_MS, shadow

ROWS = 20_000


def shadows() -> Iterator[ShadowPrediction]:
    """Every fourth is of version 2."""
    return (shadow(n, 0.25, version=2 if n % 4 == 0 else 1) for n in range(ROWS))


def report(number: int, is_fraud: bool, at_ms: int) -> Label:
    return Label(schema_version=1, transaction_id=f"T{number}", is_fraud=is_fraud, reported_at_ms=at_ms)


@pytest.fixture
def topics(settings, monkeypatch) -> None:
    """Labels on T0 to T9, the last two of them taken back, and shadows of 20,000 transactions."""
    labels = [report(n, True, NOW_MS) for n in range(10)] + [report(n, False, NOW_MS + 1) for n in (8, 9)]

    def messages(_, topic: str, since_ms: int, most: int | None = None) -> Iterator[tuple[bytes, int]]:
        structs = labels if topic == settings.kafka_labels_topic else shadows()
        return ((encode(struct), since_ms + 1) for struct in structs)

    monkeypatch.setattr(challenger, "_messages", messages)


@pytest.mark.parametrize(("version", "reported"), [(1, 6), (2, 2), (3, 0)])
def test_a_version_s_own_rows_count(settings, topics, version, reported):
    rows = {1: ROWS * 3 // 4, 2: ROWS // 4, 3: 0}[version]
    assert challenger.early_labels(settings, version, NOW_MS) == (rows, rows / 4, reported)


def test_memory_does_not_grow_with_the_challengers_life(settings, topics):
    tracemalloc.start()
    try:
        challenger.early_labels(settings, 1, NOW_MS)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < ROWS * 5, "bytes a row"
