"""Days of a real topic: they meet, they stay what they were, and what Kafka deletes is not lost with it."""

from datetime import date, timedelta

import pyarrow as pa
import pytest
from confluent_kafka import TopicPartition

from fraud_platform.core.time import DAY_MS, day_start_ms
from fraud_platform.defs.raw.checks import CHECKS
from fraud_platform.errors import ServiceUnavailableError
from fraud_platform.pipeline import message_batches
from fraud_platform.pipeline import topic_days as days_module
from fraud_platform.pipeline.ingest import ingest
from fraud_platform.pipeline.midnights import recorded
from fraud_platform.pipeline.tables import RAW_TRANSACTIONS as TRANSACTIONS
from fraud_platform.pipeline.topic_days import topic_days
from fraud_platform.resources.platform import PlatformResource
from fraud_platform.settings import Settings
from fraud_platform.storage import spark as spark_tables
from fraud_platform.storage.kafka import admin_client, producer
from fraud_platform.storage.lake import Lake
from fraud_platform_tests.chaos.kafka_faults import recreate
from fraud_platform_tests.support.asset_checks import passes
from fraud_platform_tests.support.kafka_outcome import read

FIRST = date(2026, 5, 1)
LAST = FIRST + timedelta(days=9)
NOON_MS = DAY_MS // 2
ACCOUNTED, MEET = CHECKS[:2]


@pytest.fixture
def settings(make_scorer_settings) -> Settings:
    return make_scorer_settings()


@pytest.fixture
def lake(settings) -> Lake:
    return Lake(settings)


@pytest.fixture
def materialise(spark, settings, lake):
    """Reads days into raw/transactions; returns how many rows were kept that Kafka no longer has."""

    def materialise(first: date = FIRST, last: date | None = None) -> int:
        days = topic_days(settings, lake, settings.kafka_topic, first, last or first)
        return ingest(lambda: spark, settings, lake, TRANSACTIONS, days, [])

    return materialise


def put(settings: Settings, day: date, *, count: int = 3, partitions: tuple[int, ...] = (0, 1), at_ms: int = NOON_MS):
    kafka = producer(settings)
    for number in range(count):
        for partition in partitions:
            value = f"{day}-{partition}-{number}".encode()
            kafka.produce(settings.kafka_topic, value, b"C1", partition, timestamp=day_start_ms(day) + at_ms)
    assert kafka.flush(30) == 0


def rows(lake: Lake) -> dict[tuple[int, int], tuple[date, bytes]]:
    """Day and value by place; each place once."""
    stored = lake.read(TRANSACTIONS).to_pylist()
    found = {(r["kafka_partition"], r["kafka_offset"]): (r["date"], r["value"]) for r in stored}
    assert len(found) == len(stored)
    return found


def sent(settings: Settings) -> dict[tuple[int, int], bytes]:
    return {(m.partition(), m.offset()): m.value() for m in read(settings, settings.kafka_topic)}


def holds(check, settings: Settings, first: date = FIRST, last: date = LAST) -> bool:
    platform = PlatformResource(overrides={name: str(getattr(settings, name)) for name in settings.model_fields_set})
    return passes(check, platform, "raw_transactions", first_day=str(first), last_day=str(last))


def delete_before(settings: Settings, offsets: dict[int, int]) -> None:
    """As retention does."""
    admin = admin_client(settings)
    places = [TopicPartition(settings.kafka_topic, p, offset) for p, offset in offsets.items()]
    for done in admin.delete_records(places).values():
        done.result(30)


def test_days_that_kafka_no_longer_has_keep_their_rows(settings, lake, materialise):
    for n in range(10):
        put(settings, FIRST + timedelta(days=n))
    materialise(FIRST, LAST)
    before = rows(lake)
    assert len(before) == 60
    delete_before(settings, {0: 15, 1: 22})

    assert materialise(FIRST, LAST) == 37
    assert rows(lake) == before
    assert materialise(FIRST, FIRST) == 6, "a day of which Kafka has nothing"
    assert rows(lake) == before
    assert holds(ACCOUNTED, settings) and holds(MEET, settings)


def test_what_kafka_had_deleted_before_anybody_read_it_is_named(settings, lake, materialise):
    for n in range(10):
        put(settings, FIRST + timedelta(days=n))
    delete_before(settings, {0: 4})
    assert materialise(FIRST, LAST) == 0
    assert len(rows(lake)) == 56
    assert not holds(ACCOUNTED, settings)
    assert holds(ACCOUNTED, settings, FIRST + timedelta(days=2)), "what is left is whole"


def test_a_message_that_comes_after_its_midnight_is_of_the_next_day(settings, lake, materialise):
    put(settings, FIRST, partitions=(0,))
    next_day = FIRST + timedelta(days=1)
    put(settings, next_day, partitions=(0,))
    materialise(FIRST)
    put(settings, FIRST, partitions=(1,), at_ms=DAY_MS - 1000)
    materialise(next_day)
    materialise(FIRST)
    assert {place: value for place, (_, value) in rows(lake).items()} == sent(settings)
    assert {day for (partition, _), (day, _) in rows(lake).items() if partition == 1} == {next_day}
    assert holds(ACCOUNTED, settings, FIRST, next_day) and holds(MEET, settings, FIRST, next_day)


def test_a_midnight_stays_where_its_first_reader_found_it(settings, lake, materialise):
    put(settings, LAST)
    materialise(FIRST, LAST)
    before = recorded(lake, settings.kafka_topic)
    for n in range(10):  # a file that is replayed under a topic with newer messages
        put(settings, FIRST + timedelta(days=n))
    after = LAST + timedelta(days=1)
    materialise(FIRST, after)
    assert {day: m for day, m in recorded(lake, settings.kafka_topic).items() if day in before} == before
    assert {place: value for place, (_, value) in rows(lake).items()} == sent(settings)
    assert {day for day, _ in rows(lake).values()} == {LAST, after}


def test_a_day_that_was_read_while_it_was_open_and_again_when_it_was_over_has_each_message_once(
    settings, lake, materialise, monkeypatch
):
    clock = [day_start_ms(FIRST) + NOON_MS]
    monkeypatch.setattr(days_module, "now_ms", lambda: clock[0])
    put(settings, FIRST)
    next_day = FIRST + timedelta(days=1)
    materialise(FIRST)
    assert len(rows(lake)) == 6 and next_day not in recorded(lake, settings.kafka_topic)

    put(settings, FIRST, at_ms=DAY_MS - 1000)
    put(settings, next_day)
    clock[0] = day_start_ms(next_day + timedelta(days=1))
    materialise(next_day)
    assert not holds(MEET, settings, FIRST, next_day), "FIRST is not read to its end yet"
    materialise(FIRST)
    assert {place: value for place, (_, value) in rows(lake).items()} == sent(settings)
    assert holds(MEET, settings, FIRST, next_day) and holds(ACCOUNTED, settings, FIRST, next_day)


def test_a_topic_that_was_created_anew_takes_nothing_from_the_former_one(settings, lake, materialise):
    for n in range(2):
        put(settings, FIRST + timedelta(days=n))
    end = FIRST + timedelta(days=1)
    materialise(FIRST, end)
    before = rows(lake)
    recreate(settings)
    put(settings, end, count=5)
    assert materialise(FIRST, end) == 12
    assert rows(lake) == before
    materialise(end + timedelta(days=1))
    stored = lake.read(TRANSACTIONS, ["date"], end + timedelta(days=1))
    assert len(stored) == 10, "what the new topic has is of the next day"
    assert holds(ACCOUNTED, settings, FIRST, end + timedelta(days=1))


def test_this_process_and_spark_read_the_same(materialise, settings, lake, monkeypatch):
    kafka = producer(settings)
    for headers in (None, [], [("a", b"1"), ("a", None), ("ü", b"\xff")]):
        for key, value in ((b"C1", b"{}"), (None, b""), (b"", None), (b"\xff", b"\x00")):
            kafka.produce(settings.kafka_topic, value, key, 0, headers=headers, timestamp=day_start_ms(FIRST) + NOON_MS)
    assert kafka.flush(30) == 0
    put(settings, FIRST)
    order = [("kafka_partition", "ascending"), ("kafka_offset", "ascending")]

    def read() -> pa.Table:
        assert materialise() == 0
        return lake.read(TRANSACTIONS).sort_by(order)

    here = read()
    assert len(here) == 12 + 6
    monkeypatch.setattr(message_batches, "MOST_BYTES", 10)
    assert read().equals(here)
    monkeypatch.setattr(spark_tables, "DRIVER_ROWS", -1)
    assert read().equals(here)


def test_what_kafka_deletes_before_it_is_read_is_an_error_and_nothing_is_stored(spark, settings, lake, materialise):
    put(settings, FIRST)
    days = topic_days(settings, lake, settings.kafka_topic, FIRST, FIRST)
    delete_before(settings, {0: 2})
    with pytest.raises(ServiceUnavailableError, match="partition 0: from offset 0 to 1"):
        ingest(lambda: spark, settings, lake, TRANSACTIONS, days, [])
    assert not lake.exists(TRANSACTIONS)
    assert materialise() == 0
    assert len(rows(lake)) == 4
