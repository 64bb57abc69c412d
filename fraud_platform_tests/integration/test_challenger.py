"""The sensor over early labels: real topics, a real registry."""

import dagster as dg
import msgspec
import pytest
from mlflow import MlflowClient

from fraud_platform.defs.models.canary import challenger_sensor
from fraud_platform.messages.schemas import Label, ScorerEvent, encode
from fraud_platform.operations import early_labels
from fraud_platform.operations.aliases import CANARY, CHALLENGER
from fraud_platform.operations.ledger import scorer_events, write_event
from fraud_platform.operations.rollout import STOPPED
from fraud_platform.resources.platform import PlatformResource
from fraud_platform.storage.kafka import create_topics, producer
from fraud_platform_tests.support.predictions import NOW_MS, decision, shadow

SHADOWS = 100
WITHIN = "the reports so far do not speak against version 1, the challenger"


@pytest.fixture
def platform(broker, mlflow_server, settings) -> PlatformResource:
    """Version 1 is the challenger, and has looked on at 100 transactions with a probability of 0.02 each."""
    create_topics(settings)
    client = MlflowClient(mlflow_server)
    run_id = client.create_run("0").info.run_id
    client.create_registered_model(settings.model_name)
    client.create_model_version(settings.model_name, f"runs:/{run_id}/bundle", run_id)
    client.set_registered_model_alias(settings.model_name, CHALLENGER, "1")
    write_event(settings, ScorerEvent(kind="challenger_loaded", scorer_id="s", at_ms=NOW_MS, model_version=1))
    send(settings, settings.kafka_shadow_topic, [shadow(n, 0.02) for n in range(SHADOWS)])
    return PlatformResource(overrides={name: str(getattr(settings, name)) for name in settings.model_fields_set})


def send(settings, topic: str, messages: list[msgspec.Struct]) -> None:
    kafka = producer(settings)
    for message in messages:
        kafka.produce(topic, encode(message), message.transaction_id.encode(), timestamp=NOW_MS + 1)
    assert kafka.flush(30) == 0


def report(settings, first: int, end: int, *, is_fraud: bool = True, later_ms: int = 0) -> None:
    labels = [
        Label(schema_version=1, transaction_id=f"T{n}", is_fraud=is_fraud, reported_at_ms=NOW_MS + later_ms)
        for n in range(first, end)
    ]
    send(settings, settings.kafka_labels_topic, labels)


def tick(platform: PlatformResource) -> str:
    return challenger_sensor(dg.build_sensor_context(resources={"platform": platform})).skip_message


def test_of_a_long_life_the_oldest_rows_are_looked_at(platform, monkeypatch):
    monkeypatch.setattr(early_labels, "MOST_ROWS", 2 * platform.settings.kafka_partitions)
    report(platform.settings, 0, SHADOWS)
    known = early_labels.early_labels(platform.settings, platform.settings.kafka_shadow_topic, 1, NOW_MS)
    assert 2 <= known.rows == known.reported <= 2 * platform.settings.kafka_partitions


def test_a_challenger_that_did_not_see_frauds_coming_is_sent_back_and_one_that_did_stays(platform):
    settings, registry = platform.settings, platform.registry
    report(settings, 0, 3)
    report(settings, 1000, 1100)  # of transactions that it did not look on at
    assert tick(platform) == WITHIN
    report(settings, 3, 40)
    report(settings, 3, 40, is_fraud=False, later_ms=60_000)  # all taken back
    assert tick(platform) == WITHIN
    assert registry.version(CHALLENGER) == 1

    report(settings, 40, 80)
    assert "43 frauds are reported where its probabilities add up to 2.0" in tick(platform)
    assert registry.version(CHALLENGER) is None
    assert "43 frauds are reported" in registry.tags(1)[STOPPED]
    event = scorer_events(settings)[-1]
    assert (event.kind, event.model_version, event.scorer_id) == ("canary_rolled_back", 1, "challenger_sensor")
    assert tick(platform) == "there is no challenger"


def test_of_a_canary_its_own_decisions_are_looked_at(platform):
    settings, registry = platform.settings, platform.registry
    registry.delete_alias(CHALLENGER)
    registry.set_alias(CANARY, 1)
    assert tick(platform) == "no scorer has loaded version 1, the canary, yet"
    write_event(settings, ScorerEvent(kind="canary_loaded", scorer_id="s", at_ms=NOW_MS, model_version=1))
    decided = [decision(n, 0.02, version=1) for n in range(SHADOWS)] + [
        decision(n, 0.02, version=2) for n in range(500)
    ]
    send(settings, settings.kafka_predictions_topic, decided)
    report(settings, 0, 43)
    assert "43 frauds are reported where its probabilities add up to 2.0" in tick(platform)
    assert registry.version(CANARY) is None
