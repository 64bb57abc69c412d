"""When the sensor asks for a promotion, and when it does not. The event log, Kafka and MLflow are real."""

import dagster as dg
import msgspec
import pytest
from dagster import AssetCheckEvaluation, AssetMaterialization
from dagster._core.definitions.asset_checks.asset_check_evaluation import AssetCheckEvaluationTargetMaterializationData
from mlflow import MlflowClient

from fraud_platform.core.alert_rate import FEWEST_PREDICTIONS
from fraud_platform.defs.models.candidate_run import REGISTERED
from fraud_platform.defs.models.checks import GATE
from fraud_platform.defs.models.sensors import PASSED, promotion_sensor
from fraud_platform.defs.monitoring.sensors import alert_rate_sensor
from fraud_platform.resources.platform import PlatformResource
from fraud_platform.storage.alert_rate import NEWEST_OFFSETS
from fraud_platform.storage.kafka import create_topics, producer
from fraud_platform.storage.ledger import scorer_events
from fraud_platform.storage.registry import CHAMPION


@pytest.fixture
def platform(broker, mlflow_server, settings) -> PlatformResource:
    create_topics(settings)
    names = ("kafka_broker", "kafka_events_topic", "kafka_predictions_topic", "mlflow_tracking_uri", "model_name")
    return PlatformResource(overrides={"data_dir": "unused", **{name: getattr(settings, name) for name in names}})


@pytest.fixture
def instance() -> dg.DagsterInstance:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def register(instance, version: int) -> int:
    """Materialise registered_model; returns the storage id."""
    instance.report_runless_asset_event(AssetMaterialization(REGISTERED, metadata={"version": version}))
    return instance.fetch_materializations(REGISTERED, limit=1).records[0].storage_id


def evaluate(instance, materialization_id: int, failed: str | None = None, left_out: str | None = None) -> None:
    """Evaluate every check of the gate on a materialisation."""
    for key in GATE:
        if key.name != left_out:
            instance.report_runless_asset_event(
                AssetCheckEvaluation(
                    asset_key=key.asset_key,
                    check_name=key.name,
                    passed=key.name != failed,
                    description="by 0.01" if key.name == failed else None,
                    metadata={},
                    blocking=True,
                    target_materialization_data=AssetCheckEvaluationTargetMaterializationData(
                        storage_id=materialization_id, run_id="", timestamp=0.0
                    ),
                )
            )


def champion(platform, version: int) -> None:
    """Make a version the champion, with as many empty versions before it as it takes."""
    settings = platform.settings
    client = MlflowClient(settings.mlflow_tracking_uri)
    run_id = client.create_run("0").info.run_id
    client.create_registered_model(settings.model_name)
    for _ in range(version):
        client.create_model_version(settings.model_name, f"runs:/{run_id}/bundle", run_id)
    platform.registry.set_alias(CHAMPION, version)


def tick(instance, platform, cursor: str | None = None):
    """One tick of the sensor: its answer, and the cursor after it."""
    context = dg.build_sensor_context(instance, cursor=cursor, resources={"platform": platform})
    return promotion_sensor(context), context.cursor


def test_a_version_that_passed_every_check_is_promoted(instance, platform):
    evaluate(instance, register(instance, 3))
    request, _ = tick(instance, platform)
    assert request.run_key.startswith("promote-3-")
    assert request.run_config["ops"]["deployed_model"]["config"] == {"version": 3, "reason": PASSED}


def test_it_is_asked_for_once(instance, platform):
    evaluate(instance, register(instance, 3))
    _, cursor = tick(instance, platform)
    answer, _ = tick(instance, platform, cursor)
    assert isinstance(answer, dg.SkipReason) and "version 3 has been decided on" in answer.skip_message


def test_the_next_version_is_promoted_after_it(instance, platform):
    evaluate(instance, register(instance, 3))
    _, cursor = tick(instance, platform)
    evaluate(instance, register(instance, 4))
    request, _ = tick(instance, platform, cursor)
    assert request.run_key.startswith("promote-4-")


def test_nothing_happens_before_a_model_is_registered(instance, platform):
    answer, _ = tick(instance, platform)
    assert answer.skip_message == "no model has been registered yet"


@pytest.mark.parametrize("name", [key.name for key in GATE])
def test_each_check_can_hold_a_version_back(instance, platform, name):
    evaluate(instance, register(instance, 3), failed=name)
    answer, cursor = tick(instance, platform)
    assert answer.skip_message == f"version 3 is not promoted: {name} failed (by 0.01)"
    assert cursor is None, "it is looked at again when the check is"


@pytest.mark.parametrize("name", [key.name for key in GATE])
def test_a_check_that_has_not_run_holds_a_version_back(instance, platform, name):
    evaluate(instance, register(instance, 3), left_out=name)
    answer, _ = tick(instance, platform)
    assert answer.skip_message == f"version 3 is not promoted: {name} has not run yet"


def test_checks_of_an_earlier_version_do_not_count(instance, platform):
    evaluate(instance, register(instance, 3))
    register(instance, 4)
    answer, _ = tick(instance, platform)
    assert answer.skip_message.count("has not run on this version yet") == len(GATE)


@pytest.mark.parametrize("version", [1, 2])
def test_a_version_no_newer_than_the_champion_is_left_alone(instance, platform, version):
    champion(platform, 2)
    evaluate(instance, register(instance, version))
    answer, _ = tick(instance, platform)
    assert answer.skip_message == f"version {version} is not newer than the champion, version 2"


def test_an_alert_rate_over_its_limit_holds_a_version_until_it_has_fallen(instance, platform):
    evaluate(instance, register(instance, 3))
    decide(platform, alerts=FEWEST_PREDICTIONS // 2, others=FEWEST_PREDICTIONS // 2)
    assert "promotions are held" in watch(instance, platform).skip_message
    assert "promotions are held" in watch(instance, platform).skip_message
    answer, cursor = tick(instance, platform)
    assert "version 3 is held" in answer.skip_message and "500 of the newest 1,000" in answer.skip_message
    assert cursor is None

    decide(platform, alerts=0, others=NEWEST_OFFSETS)
    assert "no alarm" in watch(instance, platform).skip_message
    request, _ = tick(instance, platform, cursor)
    assert request.run_key.startswith("promote-3-")
    assert [e.kind for e in scorer_events(platform.settings)] == ["alarm_raised", "alarm_cleared"]


def decide(platform, alerts: int, others: int) -> None:
    """Predictions, of which only the decision counts here."""
    kafka = producer(platform.settings)
    for is_fraud in [True] * alerts + [False] * others:
        kafka.produce(platform.settings.kafka_predictions_topic, msgspec.json.encode({"is_fraud": is_fraud}), b"c")
    assert kafka.flush(30) == 0


def watch(instance, platform) -> dg.SkipReason:
    return alert_rate_sensor(dg.build_sensor_context(instance, resources={"platform": platform}))
