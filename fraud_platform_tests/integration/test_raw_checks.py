"""The promises of the raw tables, on a real topic with messages of transactions and a lake that is filled by hand."""

from datetime import date

import dagster as dg
import numpy as np
import pyarrow as pa
import pytest

from fraud_platform.defs.raw.checks import every_offset_is_accounted_for, few_messages_are_rejected
from fraud_platform.defs.raw.messages import REJECTED, TRANSACTION
from fraud_platform.resources.platform import PlatformResource
from fraud_platform.settings import Settings
from fraud_platform.storage.kafka import OffsetRange, committed_reader, create_topics, producer, read_range, watermarks
from fraud_platform_tests.checking import passes

DAY = date(2026, 5, 1)


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


def verdict(
    check: dg.AssetChecksDefinition, settings: Settings, accepted: list, rejected: list, offsets: OffsetRange
) -> bool:
    """Of a check on one day, which is these offsets, and whose rows came from these places."""
    platform = PlatformResource(overrides={name: str(getattr(settings, name)) for name in settings.model_fields_set})
    platform.lake.replace_days("raw/transactions", rows(TRANSACTION, accepted), DAY, DAY)
    topic = pa.repeat(settings.kafka_topic, len(rejected))
    refused = rows(REJECTED, rejected).set_column(REJECTED.get_field_index("topic"), REJECTED.field("topic"), topic)
    platform.lake.replace_days("raw/rejected", refused, DAY, DAY)
    days = {"first_day": str(DAY), "last_day": str(DAY)}
    return passes(check, platform, "raw_transactions", offset_ranges={settings.kafka_topic: offsets}, **days)


def rows(schema: pa.Schema, places: list[tuple[int, int]]) -> pa.Table:
    partition, offset = np.array(places, np.int64).reshape(-1, 2).T
    known = {"date": pa.repeat(DAY, len(places)), "kafka_partition": partition, "kafka_offset": offset}
    columns = [known.get(name, pa.nulls(len(places), schema.field(name).type)) for name in schema.names]
    return pa.table(dict(zip(schema.names, columns, strict=True))).cast(schema)


def test_markers_and_aborted_messages_are_no_lost_rows(settings, offsets, messages):
    assert len(messages) == 300 < sum(end - start for start, end in offsets.values())
    assert verdict(every_offset_is_accounted_for, settings, messages[:-3], messages[-3:], offsets)


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
    assert not verdict(every_offset_is_accounted_for, settings, spoil(messages), [], offsets)


def test_where_every_offset_has_its_row_kafka_is_not_asked(make_settings):
    settings = make_settings(kafka_broker="127.0.0.1:1")
    assert verdict(every_offset_is_accounted_for, settings, [(0, 0), (0, 1)], [(1, 0)], {0: (0, 2), 1: (0, 1)})


@pytest.mark.parametrize(("rejected", "few"), [(0, True), (3, True), (4, False)])
def test_one_rejected_message_in_a_hundred_is_the_most(make_settings, rejected, few):
    places = [(0, n) for n in range(300)]
    parts = places[rejected:], places[:rejected]
    assert verdict(few_messages_are_rejected, make_settings(), *parts, {0: (0, 300)}) is few
