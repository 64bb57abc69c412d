"""Promises of raw and decoded tables, on a real topic with messages of transactions, and a lake filled by hand."""

from datetime import date

import dagster as dg
import numpy as np
import pyarrow as pa
import pytest

from fraud_platform.defs.decoded import checks as decoded_checks
from fraud_platform.defs.raw.checks import CHECKS
from fraud_platform.messages.arrow_schemas import RAW, REJECTED, TRANSACTION
from fraud_platform.pipeline import tables
from fraud_platform.pipeline.readings import Reading, write_readings
from fraud_platform.resources.platform import PlatformResource
from fraud_platform.settings import Settings
from fraud_platform.storage.kafka import committed_reader, create_topics, producer
from fraud_platform.storage.kafka_offsets import OffsetRange, read_range, watermarks
from fraud_platform.storage.lake import Lake
from fraud_platform_tests.support.asset_checks import passes

DAY = date(2026, 5, 1)
ACCOUNTED = CHECKS[0]
DECODED, FEW_REJECTED = decoded_checks.CHECKS[:2]


@pytest.fixture
def settings(broker, make_settings) -> Settings:
    """Of a topic whose two partitions hold 300 messages, 100 of them in transactions, and 30 more that were aborted."""
    settings = make_settings(kafka_partitions=2)
    create_topics(settings)
    plain, careful = producer(settings), producer(settings, **{"transactional.id": settings.kafka_group_id})
    for number in range(200):
        plain.produce(settings.kafka_topic, b"plain", partition=number % 2)
    assert plain.flush(30) == 0
    careful.init_transactions(30)
    for end in (careful.commit_transaction, careful.abort_transaction, careful.commit_transaction):
        careful.begin_transaction()
        for number in range(30 if end == careful.abort_transaction else 50):
            careful.produce(settings.kafka_topic, b"careful", partition=number % 2)
        end(30)
    return settings


@pytest.fixture
def offsets(settings) -> OffsetRange:
    """All that are taken."""
    with committed_reader(settings) as consumer:
        return watermarks(consumer, settings.kafka_topic)


@pytest.fixture
def messages(settings, offsets) -> list[tuple[int, int]]:
    """Place of each message."""
    with committed_reader(settings) as consumer:
        return [(m.partition(), m.offset()) for m in read_range(consumer, settings.kafka_topic, offsets)]


def verdict(check: dg.AssetChecksDefinition, settings: Settings, places: list, offsets: OffsetRange) -> bool:
    """Of a check on one day, which is these offsets, all of them read, and whose rows came from these places."""
    lake, topic = Lake(settings), settings.kafka_topic
    lake.replace_days(tables.RAW_TRANSACTIONS, rows(RAW, places), DAY, DAY)
    read = [Reading("id", DAY, p, a, b, [(a, b)], [q for q, _ in places].count(p)) for p, (a, b) in offsets.items()]
    write_readings(lake, topic, read)
    return passes(check, of(settings), "raw_transactions", first_day=str(DAY), last_day=str(DAY))


def of(settings: Settings) -> PlatformResource:
    return PlatformResource(overrides={name: str(getattr(settings, name)) for name in settings.model_fields_set})


def rows(schema: pa.Schema, places: list[tuple[int, int]]) -> pa.Table:
    partition, offset = np.array(places, np.int64).reshape(-1, 2).T
    known = {"date": pa.repeat(DAY, len(places)), "kafka_partition": partition, "kafka_offset": offset}
    columns = [known.get(name, pa.nulls(len(places), schema.field(name).type)) for name in schema.names]
    return pa.table(dict(zip(schema.names, columns, strict=True))).cast(schema)


def test_markers_and_aborted_messages_are_no_lost_rows(settings, offsets, messages):
    assert len(messages) == 300 < sum(end - start for start, end in offsets.values())
    assert verdict(ACCOUNTED, settings, messages, offsets)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda places: places[1:],
        lambda places: places[:-1],
        lambda places: [*places, places[0]],
        lambda places: [*places[1:], places[-1]],
    ],
    ids=["the first is lost", "the last is lost", "one is there twice", "one is there twice for another"],
)
def test_a_message_without_its_row_is_noticed(settings, offsets, messages, spoil):
    assert not verdict(ACCOUNTED, settings, spoil(messages), offsets)


def test_where_every_offset_has_its_row_kafka_is_not_asked(make_settings):
    settings = make_settings(kafka_broker="127.0.0.1:1")
    assert verdict(ACCOUNTED, settings, [(0, 0), (0, 1), (1, 0)], {0: (0, 2), 1: (0, 1)})


def test_a_day_that_was_never_read_does_not_pass(make_settings):
    settings = make_settings(kafka_broker="127.0.0.1:1")
    assert not verdict(ACCOUNTED, settings, [], {})


@pytest.mark.parametrize(("rejected", "few"), [(0, True), (3, True), (4, False)])
def test_one_rejected_message_in_a_hundred_is_the_most(make_settings, rejected, few):
    assert decoded_verdict(FEW_REJECTED, make_settings(), 300, 300 - rejected, rejected) is few


@pytest.mark.parametrize(("accepted", "rejected", "all_there"), [(297, 3, True), (297, 2, False), (298, 3, False)])
def test_each_message_is_accepted_or_rejected_once(make_settings, accepted, rejected, all_there):
    assert decoded_verdict(DECODED, make_settings(), 300, accepted, rejected) is all_there


def decoded_verdict(check: dg.AssetChecksDefinition, settings: Settings, messages: int, accepted: int, rejected: int):
    """Of a check on a day of so many raw messages, accepted and rejected ones."""
    lake = Lake(settings)
    lake.replace_days(tables.RAW_TRANSACTIONS, rows(RAW, [(0, n) for n in range(messages)]), DAY, DAY)
    lake.replace_days(tables.TRANSACTIONS, rows(TRANSACTION, [(0, n) for n in range(accepted)]), DAY, DAY)
    refused = rows(REJECTED, [(1, n) for n in range(rejected)])
    topic = pa.repeat(settings.kafka_topic, rejected)
    refused = refused.set_column(REJECTED.get_field_index("topic"), REJECTED.field("topic"), topic)
    lake.replace_days(tables.REJECTIONS, refused, DAY, DAY)
    return passes(check, of(settings), "transactions", first_day=str(DAY), last_day=str(DAY))
