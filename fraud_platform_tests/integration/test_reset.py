"""`fraud reset` on real brokers: it asks, deletes what it lists and nothing else, and what comes then begins anew."""

from pathlib import Path

import pytest
from confluent_kafka.admin import NewTopic
from typer.testing import CliRunner, Result

from fraud_platform.cli.main import app
from fraud_platform.feeding.state import FeedState, Outstanding, feed_folder, locked_state
from fraud_platform.local.environment import environment
from fraud_platform.settings import Settings
from fraud_platform.storage.kafka import admin_client, any_reader, create_topics, producer
from fraud_platform.storage.kafka_offsets import watermarks
from fraud_platform_tests.support.settings import stack_settings
from fraud_platform_tests.support.stack_cleanup import reaped_stack
from fraud_platform_tests.support.waiting import wait_until


def use(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name, value in environment(settings).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("COLUMNS", "200")
    return settings


def reset(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["reset", *arguments], catch_exceptions=False)


def topics(settings: Settings) -> set[str]:
    return set(admin_client(settings).list_topics(timeout=10).topics)


def fill(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "file").write_text("something")


def test_of_a_broker_elsewhere_the_platforms_topics_are_deleted_and_nothing_else(broker, make_settings, monkeypatch):
    settings = use(make_settings(kafka_partitions=2), monkeypatch)
    create_topics(settings)
    others = f"{settings.kafka_topic}-of-somebody"
    admin = admin_client(settings)
    (future,) = admin.create_topics([NewTopic(others, 1)]).values()
    future.result()
    kafka = producer(settings)
    for number in range(7):
        kafka.produce(settings.kafka_topic, b"{}", b"%d" % number)
    assert kafka.flush(30) == 0
    with locked_state(settings) as state:
        state.write(FeedState([Outstanding("t", "c", 1)]))
    for name in ("lake", "checkpoints", "dagster", "mlflow"):
        fill(settings.data_dir / name)

    listed = reset("--list")
    assert listed.exit_code == 0, listed.output
    assert f"topic {settings.kafka_topic}, 7 messages: KAFKA_BROKER={settings.kafka_broker}" in listed.stdout
    for name in ("lake", "checkpoints", "dagster", "feed"):
        assert str(settings.data_dir / name) in listed.stdout
    assert f"Kept: MLflow's runs and registered models in {settings.data_dir / 'mlflow'}" in listed.stdout
    unasked = reset()
    assert unasked.exit_code == 2 and "--yes" in unasked.stderr
    assert settings.kafka_topic in topics(settings) and feed_folder(settings).exists()

    done = reset("--yes")
    assert done.exit_code == 0, done.output
    wait_until(lambda: topics(settings).isdisjoint(settings.topics), "the topics are gone")
    assert others in topics(settings)
    assert {path.name for path in settings.data_dir.iterdir()} == {"mlflow", "run"}
    assert "there is nothing to delete" in reset("--yes").stdout
    create_topics(settings)
    with locked_state(settings) as state:
        assert state.read() == FeedState()


def test_the_embedded_stack_is_stopped_and_begins_with_empty_topics(tmp_path, monkeypatch):
    settings = use(stack_settings(tmp_path), monkeypatch)
    with reaped_stack(settings) as stack:
        stack.up(services=["kafka"])
        kafka = producer(settings)
        kafka.produce(settings.kafka_topic, b"{}", b"a")
        assert kafka.flush(30) == 0
        done = reset("--yes", "--models")
        assert done.exit_code == 0, done.output
        assert f"Kafka's topics: {settings.kafka_topic} (1), " in done.stdout
        assert "The stack is stopped before: kafka" in done.stdout
        assert not (settings.data_dir / "kafka").exists()
        assert all(row.pid is None for row in stack.status())
        stack.up(services=["kafka"])
        with any_reader(settings) as consumer:
            assert all(first == end == 0 for first, end in watermarks(consumer, settings.kafka_topic).values())
