"""From a small lake to a registered version, on a real MLflow server, and the checks that stand before promotion."""

from dataclasses import replace

import dagster as dg
import msgspec
import numpy as np
import pytest
from mlflow import MlflowClient

from fraud_platform.core.calibration import Calibration
from fraud_platform.core.features.table import feature_set_hash
from fraud_platform.core.scoring import ModelBundle
from fraud_platform.defs.metadata import latest_metadata
from fraud_platform.defs.models import checks
from fraud_platform.defs.models.assets import candidate_models, registered_model
from fraud_platform.defs.models.candidate_run import CANDIDATES, REGISTERED, latest_candidate_run
from fraud_platform.defs.models.evidence import calibration_on, comparison_with_champion, latency_of
from fraud_platform.defs.models.sensors import promotion_sensor
from fraud_platform.defs.training.assets import resampled_training_set, training_set
from fraud_platform.defs.training.dataset import read_test_rows
from fraud_platform.defs.training.snapshot import read_snapshot
from fraud_platform.resources.mlflow import mlflow
from fraud_platform.resources.platform import PlatformResource
from fraud_platform.storage.kafka import create_topics
from fraud_platform.storage.registry import CHALLENGER, CHAMPION
from fraud_platform_tests import feature_lake

STAGES = [training_set, resampled_training_set, candidate_models, registered_model]
GATE = [
    checks.beats_the_champion,
    checks.is_calibrated,
    checks.stream_features_match_batch,
    checks.reproduces_reference_scores,
    checks.scores_within_latency_budget,
]
PLOTS = (
    "precision_recall",
    "calibration",
    "score_histogram",
    "alerts_by_day",
    "feature_importance",
    "threshold_against_money",
)
CONFIG = {"ops": {"candidate_models": {"config": {"epochs": 60}}}}


@pytest.fixture(scope="module")
def platform(mlflow_server, tmp_path_factory) -> PlatformResource:
    values = {
        "data_dir": tmp_path_factory.mktemp("models"),
        "mlflow_tracking_uri": mlflow_server,
        "model_name": "fraud-detector-models-test",
        "alert_budget_per_day": 10,
        **feature_lake.SPLIT,
    }
    resource = PlatformResource(overrides={name: str(value) for name, value in values.items()})
    feature_lake.fill(resource.lake)
    return resource


@pytest.fixture(scope="module")
def instance() -> dg.DagsterInstance:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def materialise(platform, instance, what, config=None, **options) -> dg.ExecuteInProcessResult:
    resources = {"platform": platform, "mlflow": mlflow}
    return dg.materialize(what, config, resources=resources, instance=instance, **options)


@pytest.fixture(scope="module")
def result(platform, instance) -> dg.ExecuteInProcessResult:
    """One run from the features to version 1, checks included."""
    return materialise(platform, instance, [*STAGES, *GATE, checks.main_model_beats_references], CONFIG)


@pytest.fixture(scope="module")
def bundle(platform, result) -> ModelBundle:
    return ModelBundle.load(platform.registry.download(1))


@pytest.fixture(scope="module")
def test_rows(platform, result):
    return read_test_rows(platform.lake)


def test_the_first_version_passes_the_gate_and_is_the_challenger(result, platform):
    gate = {e.check_name: e.passed for e in result.get_asset_check_evaluations() if e.asset_key == REGISTERED}
    assert gate == {key.name: True for key in checks.GATE}
    assert platform.registry.version(CHALLENGER) == 1 and platform.registry.version(CHAMPION) is None


@pytest.mark.parametrize(("reference", "passed"), [(0.3, True), (0.5, False)])
def test_a_reference_that_ranks_better_is_a_warning(reference, passed):
    precision = {"a_reference": reference, "catboost": 0.4}
    with dg.DagsterInstance.ephemeral() as fresh:
        fresh.report_runless_asset_event(
            dg.AssetMaterialization(CANDIDATES, metadata={"main_model": "catboost", "average_precision": precision})
        )
        outcome = checks.main_model_beats_references(dg.build_asset_check_context(instance=fresh))
    assert (outcome.passed, outcome.severity) == (passed, dg.AssetCheckSeverity.WARN)


def test_the_sensor_asks_to_promote_it(result, platform, instance, broker, settings):
    create_topics(settings)
    topics = {"kafka_broker": broker, "kafka_events_topic": settings.kafka_events_topic}
    context = dg.build_sensor_context(
        instance, resources={"platform": PlatformResource(overrides={**platform.overrides, **topics})}
    )
    assert promotion_sensor(context).run_key.startswith("promote-1-")


def test_the_bundle_in_the_registry_scores_the_current_features_and_knows_its_origin(bundle, platform):
    bundle.verify(feature_set_hash())
    assert bundle.card.snapshot == read_snapshot(platform.lake)
    assert platform.registry.tags(1)["feature_set"] == feature_set_hash()


def test_the_materialisation_shows_version_measures_and_pictures(result, instance, platform, bundle):
    metadata = latest_metadata(instance, REGISTERED)
    assert metadata["version"] == 1 and metadata["threshold"] == bundle.threshold
    assert metadata["test_average_precision"] == bundle.card.metrics["test_average_precision"]
    assert metadata["model_card"].startswith(f"# {platform.settings.model_name}")
    for plot in PLOTS:
        assert metadata[plot].startswith(f"![{plot}](data:image/png;base64,iVBORw0KGgo")
    assert (
        metadata["mlflow"]
        == f"{platform.settings.mlflow_tracking_uri}/#/models/{platform.settings.model_name}/versions/1"
    )


def test_mlflow_has_a_finished_run_with_one_nested_run_for_each_candidate(result, instance, platform):
    client = MlflowClient(platform.settings.mlflow_tracking_uri)
    parent = client.get_run(latest_metadata(instance, CANDIDATES)["mlflow_run_id"])
    assert (parent.info.status, parent.data.tags["dagster_run_id"]) == ("FINISHED", result.run_id)
    assert parent.data.params["epochs"] == "60" and parent.data.metrics["test_average_precision"] > 0
    nested = client.search_runs([parent.info.experiment_id], f"tags.mlflow.parentRunId = '{parent.info.run_id}'")
    found = {run.data.params["candidate"]: run.data.metrics["test_average_precision"] for run in nested}
    assert found == latest_metadata(instance, CANDIDATES)["average_precision"]
    assert {run.info.status for run in nested} == {"FINISHED"}
    paths = {file.path for file in client.list_artifacts(parent.info.run_id)}
    assert paths == {"bundle", "plots", "snapshot.json", "model_card.md"}


def test_model_references_and_rules_are_compared_on_the_same_rows(result, instance):
    comparison = latest_metadata(instance, CANDIDATES)["comparison"]
    names = [line.split(" ")[1] for line in comparison.splitlines()[2:]]
    assert names == ["catboost", "logistic_regression", "balanced_random_forest", "neural_network", "rule_set"]
    assert set(latest_metadata(instance, CANDIDATES)["average_precision"]) == set(names)


def test_registering_alone_takes_the_latest_bundle_and_is_no_improvement_on_itself(result, platform, instance):
    platform.registry.set_alias(CHAMPION, 1)
    try:
        again = materialise(platform, instance, [registered_model, *GATE], raise_on_error=False)
        gate = {e.check_name: e for e in again.get_asset_check_evaluations()}
        assert latest_metadata(instance, REGISTERED)["version"] == 2
        assert not gate["beats_the_champion"].passed and not again.success
        assert gate["reproduces_reference_scores"].passed
    finally:
        platform.registry.delete_alias(CHAMPION)


def test_a_champion_is_not_compared_with_itself(result, platform, instance):
    version = latest_metadata(instance, REGISTERED)["version"]
    platform.registry.set_alias(CHAMPION, version)
    try:
        outcome = checks.beats_the_champion(dg.build_asset_check_context(instance=instance), platform)
        assert outcome.passed and outcome.description == f"version {version} is the champion itself"
    finally:
        platform.registry.delete_alias(CHAMPION)


def test_a_training_run_that_fails_is_marked_so_in_mlflow(result, platform, instance):
    stale = materialise(platform, instance, [training_set])
    assert stale.success
    failed = materialise(platform, instance, [candidate_models], raise_on_error=False)
    assert (
        "materialise resampled_training_set again"
        in failed.failure_data_for_node("candidate_models").error.cause.message
    )
    client = MlflowClient(platform.settings.mlflow_tracking_uri)
    experiment = client.get_experiment_by_name(platform.settings.model_name).experiment_id
    (run,) = client.search_runs([experiment], f"tags.dagster_run_id = '{failed.run_id}'")
    assert run.info.status == "FAILED"


def test_an_absent_mlflow_is_one_clear_line(platform, instance):
    absent = PlatformResource(overrides={**platform.overrides, "mlflow_tracking_uri": "http://127.0.0.1:9"})
    failed = materialise(absent, instance, [candidate_models], raise_on_error=False)
    errors = [e.event_specific_data.error for e in failed.all_events if e.is_failure and e.event_specific_data]
    assert any("MLFLOW_TRACKING_URI=http://127.0.0.1:9 does not answer" in str(error) for error in errors)


def test_nothing_is_registered_before_a_candidate_is_trained(platform):
    with dg.DagsterInstance.ephemeral() as fresh, pytest.raises(Exception, match="materialise candidate_models first"):
        latest_candidate_run(fresh, platform.settings.data_dir)


def test_a_model_that_ranks_worse_does_not_beat_the_champion(bundle, test_rows):
    worse = replace(bundle, calibration=Calibration(np.array([0.0, 1.0]), np.array([0.5, 0.5]), "all the same"))
    refused = comparison_with_champion(bundle, worse, test_rows)
    assert not refused.passed and refused.metadata["average_precision_mean_difference"].value < 0
    scores = bundle.score(test_rows.features)
    as_foretold = replace(test_rows, labels=scores >= np.quantile(scores, 0.97))
    assert comparison_with_champion(worse, bundle, as_foretold).passed


@pytest.mark.parametrize("passed", [True, False])
def test_the_gate_takes_over_what_the_comparison_of_stream_and_batch_found(passed):
    with dg.DagsterInstance.ephemeral() as fresh:
        context = dg.build_asset_check_context(instance=fresh)
        assert checks.stream_features_match_batch(context).passed, "nothing has been scored yet"
        job = _report_parity(fresh, passed)
        assert checks.stream_features_match_batch(context).passed is passed
        fresh.create_run_for_job(job_def=job)
        assert checks.stream_features_match_batch(context).passed is passed, "the next comparison is only planned"


def _report_parity(fresh: dg.DagsterInstance, passed: bool) -> dg.JobDefinition:
    """What `features_match_stream` leaves in the event log; returns the job that it ran in."""

    @dg.asset_check(asset="scored_transactions")
    def features_match_stream() -> dg.AssetCheckResult:
        return dg.AssetCheckResult(passed=passed, description="amount is off")

    job = dg.define_asset_job("verify", dg.AssetSelection.checks(checks.PARITY))
    definitions = dg.Definitions(asset_checks=[features_match_stream], jobs=[job])
    verify = definitions.resolve_job_def("verify")
    assert verify.execute_in_process(instance=fresh).success
    return verify


def test_a_champion_of_another_feature_set_cannot_be_compared_and_says_so(bundle, test_rows):
    old = replace(bundle, card=msgspec.structs.replace(bundle.card, feature_set="0123456789abcdef"))
    outcome = comparison_with_champion(old, bundle, test_rows)
    assert outcome.passed and outcome.severity == dg.AssetCheckSeverity.WARN
    assert "0123456789abcdef" in outcome.description


def test_probabilities_that_are_far_too_high_are_not_calibrated(bundle, test_rows):
    card = bundle.card
    high = np.minimum(1.0, 5 * np.array(card.calibration_probabilities))
    calibration = Calibration(np.array(card.calibration_scores), high, card.calibration_method)
    assert calibration_on(bundle, test_rows).passed
    assert not calibration_on(replace(bundle, calibration=calibration), test_rows).passed


def test_a_model_over_the_latency_budget_fails(bundle):
    assert not latency_of(bundle, budget_us=1e-6).passed
