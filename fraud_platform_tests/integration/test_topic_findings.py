"""What `fraud doctor` finds in topics of a real broker, and that the command it gives mends it."""

import re
from datetime import date

import pytest
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, NewTopic, ResourceType

from fraud_platform.core.time import DAY_MS, day_start_ms
from fraud_platform.local.finding import Finding
from fraud_platform.local.topic_findings import topic_findings
from fraud_platform.settings import Settings
from fraud_platform.storage.clock import now_ms
from fraud_platform.storage.kafka import admin_client, create_topics, producer
from fraud_platform.storage.message_times import BEFORE

WEEK_MS = 7 * DAY_MS
WELL = {"partitions of topics", "retention of topics", "cleanup of topics", "times of messages"}
FAULTS = [
    ("topic", {"retention.ms": str(WEEK_MS)}, "retention", "7 days (retention.ms=604800000), 37 are needed: features"),
    ("labels_topic", {"retention.ms": str(36 * DAY_MS)}, "retention", "36 days"),
    ("topic", {"retention.bytes": "1000000"}, "retention", "at most 1,000,000 bytes a partition"),
    ("predictions_topic", {"retention.ms": str(7 * DAY_MS)}, "retention", "8 are needed: predictions are judged"),
    ("events_topic", {"retention.ms": str(30 * DAY_MS)}, "retention", "400 are needed: the ledger tells"),
    ("topic", {"cleanup.policy": "compact"}, "cleanup", "all but the newest message of each key"),
    ("events_topic", {"cleanup.policy": "compact,delete"}, "cleanup", "cleanup.policy=compact,delete"),
    ("labels_topic", {"message.timestamp.type": "LogAppendTime"}, "times", "history that is sent arrives today, where"),
    ("topic", {BEFORE: str(2**63 - 1)}, "times", "takes messages of nearly any time"),
]
"""Topic, configuration that it is made with, and what is said of it."""


@pytest.fixture
def settings(broker, make_settings) -> Settings:
    return make_settings(label_delay_days=7)


@pytest.fixture
def admin(settings) -> AdminClient:
    return admin_client(settings)


def make(admin: AdminClient, topic: str, partitions: int = 2, **config: str) -> None:
    admin.create_topics([NewTopic(topic, partitions, config=config)])[topic].result()


def faults(settings: Settings) -> dict[str, Finding]:
    return {found.name: found for found in topic_findings(settings) if not found.ok}


def carry_out(admin: AdminClient, command: str) -> None:
    """What kafka-configs.sh does with its arguments."""
    (topic,), (pairs,) = re.findall(r"--entity-name (\S+)", command), re.findall(r"--add-config (\S+)", command)
    resource = ConfigResource(ResourceType.TOPIC, topic)
    for pair in pairs.split(","):
        name, value = pair.split("=")
        resource.add_incremental_config(ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET))
    admin.incremental_alter_configs([resource])[resource].result()


def test_of_the_topics_that_the_platform_makes_all_is_well(settings):
    create_topics(settings)
    found = list(topic_findings(settings))
    assert all(finding.ok for finding in found), found
    assert {finding.name for finding in found} == {*WELL, f"keys of {settings.kafka_topic}"}


@pytest.mark.parametrize(("name", "config", "what", "words"), FAULTS)
def test_a_fault_is_named_and_its_command_mends_it(settings, admin, name, config, what, words):
    topic = getattr(settings, f"kafka_{name}")
    whole = {"retention.ms": "-1", BEFORE: str(400 * DAY_MS)}
    make(admin, topic, 1 if name == "events_topic" else 2, **{**whole, **config})
    create_topics(settings)
    ((found_name, finding),) = faults(settings).items()
    assert found_name == f"{what} of {topic}" and words in finding.detail
    assert finding.needed is (what == "cleanup"), "compaction is a loss that goes on"
    assert finding.fix.startswith(f"kafka-configs.sh --bootstrap-server {settings.kafka_broker} --alter ")
    carry_out(admin, finding.fix)
    assert faults(settings) == {}


def test_counts_of_partitions_that_matter_are_told(settings, admin):
    make(admin, settings.kafka_topic, 3)
    make(admin, settings.kafka_predictions_topic, 5)
    make(admin, settings.kafka_events_topic, 2)
    create_topics(settings)
    found = {name: finding for name, finding in faults(settings).items() if name.startswith("partitions")}
    assert found.keys() == {
        f"partitions of {topic}"
        for topic in (settings.kafka_events_topic, settings.kafka_predictions_topic, settings.kafka_shadow_topic)
    }
    shadow, predictions, ledger = (
        found[f"partitions of {topic}"].fix
        for topic in (settings.kafka_shadow_topic, settings.kafka_predictions_topic, settings.kafka_events_topic)
    )
    assert f"--topic {settings.kafka_shadow_topic} --partitions 3" in shadow
    assert f"--topic {settings.kafka_topic} --partitions 5 (docs/operations.md, Scale out, first)" in predictions
    assert f"KAFKA_EVENTS_TOPIC={settings.kafka_events_topic}_in_order" in ledger


@pytest.mark.parametrize("day", [date(2025, 12, 31), date(2026, 1, 1)])
def test_messages_before_the_first_day_are_told_with_the_setting(make_settings, broker, day):
    settings = make_settings(start_date=date(2026, 1, 1))
    make(admin_client(settings), settings.kafka_topic, **{"retention.ms": "-1", BEFORE: str(2**63 - 1)})
    create_topics(settings)
    kafka = producer(settings)
    for at_ms in (day_start_ms(day) + 1000, now_ms()):
        kafka.produce(settings.kafka_topic, b"{}", b"c1", timestamp=at_ms)
    assert kafka.flush(30) == 0
    found = faults(settings).get(f"first day of {settings.kafka_topic}")
    if day >= settings.start_date:
        assert found is None
    else:
        assert "2025-12-31, before START_DATE=2026-01-01" in found.detail and "START_DATE=2025-12-31" in found.fix


def test_messages_without_a_key_are_told(settings):
    create_topics(settings)
    kafka = producer(settings)
    for key in (b"c1", None, b""):
        kafka.produce(settings.kafka_topic, b"{}", key)
    assert kafka.flush(30) == 0
    found = faults(settings)[f"keys of {settings.kafka_topic}"]
    assert "2 of the newest 3 messages have none" in found.detail


def test_without_a_broker_nothing_is_said_here(make_settings):
    assert list(topic_findings(make_settings(kafka_broker="127.0.0.1:1"))) == []
