"""A lake as commit 4f0721a wrote it becomes one of today: no row is lost, also where the upgrade is interrupted."""

from datetime import date, timedelta

import pyarrow as pa
import pytest

from fraud_platform.errors import LakeError
from fraud_platform.messages.arrow_schemas import LABEL, REJECTED, TRANSACTION
from fraud_platform.pipeline import tables
from fraud_platform.pipeline.decode import decode
from fraud_platform.pipeline.lake_upgrade import FORMER_REJECTED, needs_upgrade, refuse_former_tables, upgrade
from fraud_platform.pipeline.midnights import recorded
from fraud_platform.pipeline.readings import days_apart, gaps, readings
from fraud_platform.pipeline.topic_days import topic_days
from fraud_platform.settings import Settings
from fraud_platform.storage.lake import Lake
from fraud_platform_tests.support.long_tests import long_test
from streaming.state.bootstrap import end_of_lake

FIRST = date(2026, 5, 1)
LAST = FIRST + timedelta(days=2)
STEPS = 8


@pytest.fixture
def settings(make_scorer_settings) -> Settings:
    return make_scorer_settings()


@pytest.fixture
def lake(settings) -> Lake:
    """Two partitions over three days, with a day on which the second has nothing, and a marker between two days."""
    lake = Lake(settings)
    lake.replace_days(tables.RAW_TRANSACTIONS, pa.Table.from_pylist(TRANSACTIONS, TRANSACTION), FIRST, LAST)
    lake.replace_days(tables.RAW_LABELS, pa.Table.from_pylist(LABELS, LABEL), FIRST, LAST)
    rejected = [row | {"topic": settings.kafka_topic} for row in REJECTIONS]
    lake.replace_days(FORMER_REJECTED, pa.Table.from_pylist(rejected, REJECTED), FIRST, LAST)
    return lake


def place(day: int, partition: int, offset: int) -> dict:
    at_ms = 1_777_593_600_000 + day * 86_400_000 + 43_200_000
    when = {"kafka_timestamp_ms": at_ms}
    return {"date": FIRST + timedelta(days=day), "kafka_partition": partition, "kafka_offset": offset, **when}


def transaction(number: int, at: dict, **optional) -> dict:
    ids = {"transaction_id": f"T{number}", "customer_id": "Çelik", "merchant_id": "M1"}
    return at | ids | {"event_time_ms": at["kafka_timestamp_ms"] - number, "amount": 0.1 + number} | optional


TRANSACTIONS = [
    transaction(1, place(0, 0, 5), device_id="D1", channel="chip", country="IE", latitude=53.1, longitude=-6.2),
    transaction(2, place(0, 1, 0)),
    transaction(3, place(1, 0, 7)),
    transaction(4, place(2, 0, 8), channel="online"),
    transaction(5, place(2, 1, 1), latitude=0.0, longitude=0.0),
]
LABELS = [place(1, 0, 0) | {"transaction_id": "T1", "is_fraud": True, "reported_at_ms": 1_777_680_000_000}]
REJECTIONS = [place(2, 1, 2) | {"key": None, "value": b"\xff", "field": "value", "reason": "is not JSON"}]


def by_place(table: pa.Table) -> list[dict]:
    return table.sort_by([(name, "ascending") for name in ("kafka_partition", "kafka_offset")]).to_pylist()


class InterruptedHereError(Exception):
    pass


STOPS = [3, None, *(pytest.param(steps, marks=long_test) for steps in (1, 5, STEPS))]


@pytest.mark.parametrize("steps", STOPS, ids=lambda n: "whole" if n is None else f"to step {n}")
def test_the_upgrade_loses_nothing_wherever_it_is_interrupted(spark, settings, lake, steps):
    told: list[str] = []

    def tell(step: str) -> None:
        told.append(step)
        if len(told) == steps:
            raise InterruptedHereError

    with pytest.raises(LakeError, match="fraud lake upgrade"):
        refuse_former_tables(lake)
    assert end_of_lake(spark, settings) == {0: 9, 1: 3}
    if steps:
        with pytest.raises(InterruptedHereError):
            upgrade(spark, settings, lake, tell)
        assert needs_upgrade(lake)
        assert end_of_lake(spark, settings) == {0: 9, 1: 3}, "a scorer may start meanwhile"
    upgrade(spark, settings, lake, told.append)
    refuse_former_tables(lake)
    assert end_of_lake(spark, settings) == {0: 9, 1: 3}

    raw = by_place(lake.read(tables.RAW_TRANSACTIONS))
    assert [(row["kafka_partition"], row["kafka_offset"], row["as_received"]) for row in raw] == [
        (0, 5, False),
        (0, 7, False),
        (0, 8, False),
        (1, 0, False),
        (1, 1, False),
        (1, 2, True),
    ]
    decode(lambda: spark, lake, [tables.TRANSACTIONS, tables.LABELS, tables.REJECTIONS], FIRST, LAST)
    assert by_place(lake.read(tables.TRANSACTIONS)) == by_place(pa.Table.from_pylist(TRANSACTIONS, TRANSACTION))
    assert by_place(lake.read(tables.LABELS)) == by_place(pa.Table.from_pylist(LABELS, LABEL))
    assert [row["value"] for row in by_place(lake.read(tables.REJECTIONS))] == [b"\xff"]


def test_former_days_stay_what_they_were(spark, settings, lake):
    upgrade(spark, settings, lake, lambda step: None)
    read = readings(lake, settings.kafka_topic)
    spans = {(r.date, r.partition): (r.first, r.end, r.messages) for r in read}
    middle = FIRST + timedelta(days=1)
    assert spans == {
        (FIRST, 0): (5, 7, 1),
        (FIRST, 1): (0, 1, 1),
        (middle, 0): (7, 8, 1),
        (middle, 1): (1, 1, 0),
        (LAST, 0): (8, 9, 1),
        (LAST, 1): (1, 3, 2),
    }
    assert not gaps(read) and not days_apart(read)
    days = topic_days(settings, lake, settings.kafka_topic, FIRST, LAST)
    assert days.offsets == {0: (5, 9), 1: (0, 3)}
    assert len(recorded(lake, settings.kafka_topic)) == 4
