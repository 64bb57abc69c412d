"""What a topic would delete, misdate or refuse is told before anything is sent."""

from datetime import timedelta

import pytest
from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

from fraud_platform.core.time import DAY_MS
from fraud_platform.pipeline.midnights import Midnight, record
from fraud_platform.settings import Settings
from fraud_platform.storage.kafka import admin_client, producer
from fraud_platform.storage.lake import Lake
from fraud_platform.storage.topic_id import TopicId
from fraud_platform_tests.support.replayed_file import DAYS, FIRST, TODAY, day, fraud, messages, refusal, rows, sent
from fraud_platform_tests.support.waiting import wait_until


def alter(settings: Settings, topic: str, **config: object) -> None:
    entries = [
        ConfigEntry(name.replace("_", "."), str(value), incremental_operation=AlterConfigOpType.SET)
        for name, value in config.items()
    ]
    admin = admin_client(settings)
    resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=entries)
    for future in admin.incremental_alter_configs([resource]).values():
        future.result()
    wanted = {name.replace("_", "."): str(value) for name, value in config.items()}

    def is_told() -> bool:
        (future,) = admin.describe_configs([ConfigResource(ResourceType.TOPIC, topic)]).values()
        return all(future.result()[name].value == value for name, value in wanted.items())

    wait_until(is_told, "the topic has its configuration")


def test_what_retention_would_delete_is_not_sent_and_the_mend_is_told(settings, replay):
    alter(settings, settings.kafka_topic, retention_ms=7 * DAY_MS)
    told = refusal(replay(), settings)
    assert f"4,000 of 4,000 rows are older than topic {settings.kafka_topic} keeps (retention.ms=604800000, 7" in told
    assert f"the first is row 1, {FIRST:%Y-%m-%d} 00:00:00" in told
    assert f"--entity-name {settings.kafka_topic} --add-config retention.ms=-1" in told
    assert "40 days fit nowhere" in told
    alter(settings, settings.kafka_topic, retention_ms=-1)
    assert replay().exit_code == 0


def test_a_move_that_fits_is_offered_and_fits(settings, replay):
    alter(settings, settings.kafka_topic, retention_ms=45 * DAY_MS)
    told = refusal(replay(), settings)
    shift = f"{TODAY - timedelta(days=DAYS):%Y-%m-%d}"
    assert f"--shift-to {shift}" in told
    assert replay("--shift-to", shift).exit_code == 0
    assert sorted(sent(settings)) == sorted(rows()["id"])


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ({"message_timestamp_type": "LogAppendTime"}, "message.timestamp.type=CreateTime"),
        ({"cleanup_policy": "compact"}, "cleanup.policy=delete"),
        ({"message_timestamp_before_max_ms": 50 * DAY_MS}, "rows are older than topic"),
    ],
)
@pytest.mark.parametrize("command", ["replay", "simulate"])
def test_a_topic_that_would_misdate_or_refuse_is_told_before_anything_is_sent(settings, replay, config, told, command):
    alter(settings, settings.kafka_topic, **config)
    if command == "replay":
        assert told in refusal(replay(), settings)
    else:
        result = fraud("simulate", "--days", "60", "--customers", "50")
        assert told.removeprefix("rows are ") in refusal(result, settings)


def test_days_before_the_first_partition_are_not_sent(settings, replay, monkeypatch):
    monkeypatch.setenv("START_DATE", day(10))
    told = refusal(replay(), settings)
    assert f"1,000 of 4,000 rows are before START_DATE={day(10)}" in told
    assert replay("--start", day(10)).exit_code == 0


def test_the_labels_topic_is_looked_at_too(settings, replay):
    alter(settings, settings.kafka_labels_topic, retention_ms=DAY_MS)
    assert f"200 of 4,000 rows are older than topic {settings.kafka_labels_topic} keeps" in refusal(replay(), settings)


@pytest.mark.parametrize("command", ["replay", "simulate"])
def test_nothing_is_sent_under_what_is_newer(settings, replay, command):
    kafka = producer(settings)
    kafka.produce(settings.kafka_topic, b"{}", b"somebody", partition=1, timestamp=int(TODAY.timestamp() * 1000))
    assert kafka.flush(30) == 0
    result = replay() if command == "replay" else fraud("simulate", "--days", "3", "--customers", "50")
    assert result.exit_code == 2
    assert f"has messages up to {TODAY:%Y-%m-%d} 00:00:00" in result.stderr and "'fraud reset'" in result.stderr
    assert len(messages(settings, settings.kafka_topic)) == 1


def test_a_transaction_s_marker_is_not_taken_for_a_newer_message(settings, replay):
    kafka = producer(settings, **{"transactional.id": settings.kafka_group_id})
    kafka.init_transactions(30)
    kafka.begin_transaction()
    early_ms = int(FIRST.timestamp() * 1000) - DAY_MS
    for partition in range(2):
        kafka.produce(settings.kafka_topic, b"{}", b"somebody", partition=partition, timestamp=early_ms)
    kafka.commit_transaction(30)
    result = replay()
    assert result.exit_code == 0, result.output


def test_days_that_were_read_already_are_not_fed_again(settings, replay):
    """Their midnights are recorded for good, so whatever comes now would be of the day after the last of them."""
    offsets = Midnight(TopicId(settings, settings.kafka_topic).now(), {0: 0, 1: 0})
    days = {(FIRST + timedelta(days=n)).date(): offsets for n in range(11)}
    record(Lake(settings), settings.kafka_topic, days, at_ms=0)
    assert f"were read up to {day(10)} 00:00:00: what is sent now counts as of that day" in refusal(replay(), settings)
    assert replay("--start", day(10)).exit_code == 0
