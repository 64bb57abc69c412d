"""What the ledger says of champions, as materialisations of deployed_model and as tags. Kafka and MLflow are real."""

import dagster as dg
import pytest
from mlflow import MlflowClient

from fraud_platform.defs.serving.assets import deployed_model
from fraud_platform.defs.serving.sensors import LEDGER_OFFSET, deployment_sensor
from fraud_platform.messages.schemas import ScorerEvent
from fraud_platform.operations.deployment_tags import BY, IN_MLFLOW, SINCE, UNTIL
from fraud_platform.operations.ledger import write_event
from fraud_platform.resources.platform import PlatformResource
from fraud_platform.settings import Settings
from fraud_platform.storage.kafka import create_topics, producer

T0_MS = 1_780_000_000_000


@pytest.fixture
def settings(broker, mlflow_server, make_settings) -> Settings:
    made = make_settings()
    create_topics(made)
    client = MlflowClient(made.mlflow_tracking_uri)
    run_id = client.create_run("0").info.run_id
    client.create_registered_model(made.model_name)
    for _ in range(3):
        client.create_model_version(made.model_name, f"runs:/{run_id}/bundle", run_id)
    return made


@pytest.fixture
def platform(settings) -> PlatformResource:
    return PlatformResource(overrides={name: str(getattr(settings, name)) for name in settings.model_fields_set})


@pytest.fixture
def instance() -> dg.DagsterInstance:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def write(settings: Settings, kind: str, version: int, after_ms: int, **fields: object) -> None:
    write_event(
        settings, ScorerEvent(kind=kind, scorer_id="s", at_ms=T0_MS + after_ms, model_version=version, **fields)
    )


def asked_and_loaded(settings: Settings, version: int, after_ms: int, by: str) -> None:
    write(settings, "champion_set", version, after_ms, by=by, reason=f"{by} said so")
    write(settings, "model_loaded", version, after_ms + 1, from_offsets={"0": after_ms})


def tick(instance, platform, cursor: str | None = None) -> str | None:
    """One tick, whose events the daemon would write; returns the cursor."""
    told = deployment_sensor(dg.build_sensor_context(instance, cursor=cursor, resources={"platform": platform}))
    for event in told.asset_events:
        instance.report_runless_asset_event(event)
    return told.cursor


def deployments(instance) -> list[dict]:
    """Metadata of the materialisations, oldest first."""
    records = instance.fetch_materializations(deployed_model.key, limit=100).records
    found = [record.asset_materialization.metadata for record in reversed(records)]
    return [{name: value.value for name, value in metadata.items()} for metadata in found]


def test_each_change_of_the_champion_is_materialised_once_with_what_is_known_of_it(settings, platform, instance):
    asked_and_loaded(settings, 1, 1000, "ann")
    cursor = tick(instance, platform)
    write(settings, "model_loaded", 1, 2000, from_offsets={"0": 1500})  # a restart
    write(settings, "model_refused", 2, 2500, reason="is broken")
    asked_and_loaded(settings, 3, 3000, "bob")
    cursor = tick(instance, platform, cursor)
    assert tick(instance, platform, cursor) == cursor
    told = [
        (d["version"], d["version_before"], d["by"], d["reason"], d["first_offsets"]) for d in deployments(instance)
    ]
    assert told == [(1, "none", "ann", "ann said so", {"0": 1000}), (3, 1, "bob", "bob said so", {"0": 3000})]
    assert [d[LEDGER_OFFSET] for d in deployments(instance)] == [1, 5]


def test_those_from_while_dagster_was_down_follow(settings, platform, instance):
    for number, version in enumerate((1, 2, 1, 3)):
        asked_and_loaded(settings, version, 1000 * number, "ann")
    tick(instance, platform)
    assert [d["version"] for d in deployments(instance)] == [1, 2, 1, 3]


@pytest.mark.parametrize("lost", [None, "0", "1"], ids=["no cursor", "an old one", "another old one"])
def test_a_lost_cursor_tells_of_none_twice(settings, platform, instance, lost):
    asked_and_loaded(settings, 1, 1000, "ann")
    tick(instance, platform)
    asked_and_loaded(settings, 2, 2000, "ann")
    tick(instance, platform, lost)
    tick(instance, platform, lost)
    assert [d["version"] for d in deployments(instance)] == [1, 2]


def test_what_is_no_event_is_passed_over(settings, platform, instance):
    asked_and_loaded(settings, 1, 1000, "ann")
    kafka = producer(settings)
    for value in (None, b"", b"garbage", b'{"kind": "of_a_later_release", "scorer_id": "s", "at_ms": 1}'):
        kafka.produce(settings.kafka_events_topic, value, b"s")
    assert kafka.flush(30) == 0
    asked_and_loaded(settings, 2, 2000, "ann")
    tick(instance, platform)
    assert [d["version"] for d in deployments(instance)] == [1, 2]


def test_an_alias_moved_in_mlflow_itself_is_told_with_nobody_behind_it(settings, platform, instance):
    asked_and_loaded(settings, 1, 1000, "ann")
    platform.registry.set_tags(1, {SINCE: "2026-05-28T20:26:40Z", BY: "ann"})
    write(settings, "model_loaded", 2, 5000, from_offsets={"0": 7})
    tick(instance, platform)
    assert deployments(instance)[-1]["by"] == IN_MLFLOW
    assert platform.registry.tags(2)[BY] == IN_MLFLOW
    assert platform.registry.tags(1)[UNTIL] == platform.registry.tags(2)[SINCE] == "2026-05-28T20:26:45Z"
