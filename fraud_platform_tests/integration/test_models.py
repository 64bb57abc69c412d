"""From a small lake to a registered version, on a real MLflow server, and the checks that stand before promotion."""

from dataclasses import replace

import dagster as dg
import msgspec
import numpy as np
import pytest
from mlflow import MlflowClient

from fraud_platform.core.calibration import Calibration
from fraud_platform.core.model_bundle import ModelBundle
from fraud_platform.defs.metadata import latest_metadata
from fraud_platform.defs.models import checks
from fraud_platform.defs.models.assets import candidate_models, registered_model
from fraud_platform.defs.models.candidate_run import CANDIDATES, REGISTERED, latest_candidate_run
from fraud_platform.defs.models.gate import VERSION, registrations, verdict_on
from fraud_platform.defs.training.assets import resampled_training_set, training_set
from fraud_platform.operations.aliases import CANARY, CHALLENGER, CHAMPION
from fraud_platform.operations.gate_evidence import calibration_on, comparison_with_champion, latency_of
from fraud_platform.operations.rollout import Verdict
from fraud_platform.pipeline.training_rows import read_test_rows
from fraud_platform.pipeline.training_snapshot import read_snapshot
from fraud_platform.resources.platform import PlatformResource
from fraud_platform.storage.bundle_folder import load_bundle
from fraud_platform.storage.kafka import create_topics
from fraud_platform_tests.support import bundles, feature_lake
from fraud_platform_tests.support.judged_versions import as_champion, judge, materialise, parity_result, register_bundle
from fraud_platform_tests.support.simulated_world import FEATURE_SET

STAGES = [training_set, resampled_training_set, candidate_models, registered_model]
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


@pytest.fixture(scope="module")
def result(platform, instance) -> dg.ExecuteInProcessResult:
    """One run from the features to version 1, checks included."""
    return materialise(platform, instance, [*STAGES, checks.gate, checks.main_model_beats_references], CONFIG)


@pytest.fixture(scope="module")
def bundle(platform, result) -> ModelBundle:
    return load_bundle(platform.registry.download(1))


@pytest.fixture(scope="module")
def test_rows(platform, result):
    return read_test_rows(platform.lake)


def test_the_first_version_passes_the_gate_and_has_no_alias_yet(result, platform):
    gate = {e.check_name: e for e in result.get_asset_check_evaluations() if e.asset_key == REGISTERED}
    assert {name: e.passed for name, e in gate.items()} == {key.name: True for key in checks.GATE}
    assert {e.metadata[VERSION].value for e in gate.values()} == {1}
    assert [platform.registry.version(alias) for alias in (CHALLENGER, CANARY, CHAMPION)] == [None] * 3


def test_the_bundle_in_the_registry_scores_the_current_features_and_knows_its_origin(bundle, platform):
    bundle.verify()
    assert bundle.card.snapshot == read_snapshot(platform.lake)
    assert platform.registry.tags(1)["feature_set"] == FEATURE_SET.hash


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
    with as_champion(platform, 1):
        again = materialise(platform, instance, [registered_model, checks.gate], raise_on_error=False)
        gate = {e.check_name: e for e in again.get_asset_check_evaluations()}
        assert latest_metadata(instance, REGISTERED)["version"] == 2
        assert not gate["beats_the_champion"].passed
        assert gate["reproduces_reference_scores"].passed
    newest = next(registrations(instance))
    verdict, reason = verdict_on(instance, checks.GATE, newest)
    assert verdict is Verdict.REFUSED and "beats_the_champion failed (version 2: average precision" in reason


def test_the_gate_judges_the_version_that_it_is_told_and_says_so(result, platform, instance):
    results = judge(platform, instance, 1)
    assert {e.metadata[VERSION].value for e in results.values()} == {1}
    assert all(e.description.startswith("version 1: ") for e in results.values())
    newest = latest_metadata(instance, REGISTERED)["version"]
    assert {e.metadata[VERSION].value for e in judge(platform, instance).values()} == {newest}


def test_a_champion_is_not_compared_with_itself(result, platform, instance):
    with as_champion(platform, 1):
        outcome = judge(platform, instance, 1)["beats_the_champion"]
    assert outcome.passed and outcome.description == "version 1: version 1 is the champion itself"


def test_a_version_that_does_not_load_fails_every_check_and_not_the_run(
    result, platform, instance, tmp_path, monkeypatch
):
    monkeypatch.setattr("fraud_platform.storage.registry.describe", lambda folder: None)  # as a release without it
    version = register_bundle(platform, bundles.bundle(threshold=0.0), tmp_path)
    results = judge(platform, instance, version)
    assert {name for name, e in results.items() if e.passed} == {"stream_features_match_batch"}, "it needs no bundle"
    assert "has the threshold 0" in results["reproduces_reference_scores"].description


def test_rows_that_a_version_was_fitted_on_prove_nothing_about_it(result, platform, instance, bundle, tmp_path):
    splits = {"splits": {**bundle.card.snapshot["splits"], "validation": {"end_day": "2026-03-29"}}}
    card = msgspec.structs.replace(bundle.card, snapshot={**bundle.card.snapshot, **splits})
    version = register_bundle(platform, replace(bundle, card=card), tmp_path)
    results = judge(platform, instance, version)
    for name in ("beats_the_champion", "is_calibrated"):
        assert not results[name].passed and "was fitted on days before 2026-03-29" in results[name].description


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
    assert not refused.passed and refused.metadata["average_precision_mean_difference"] < 0
    scores = bundle.score(test_rows.features)
    as_foretold = replace(test_rows, labels=scores >= np.quantile(scores, 0.97))
    assert comparison_with_champion(worse, bundle, as_foretold).passed


PARITY_CASES = [
    ("agrees", {"passed": True, "age_hours": 1, "compared": 5}, True, "amount is off"),
    ("differs", {"passed": False, "age_hours": 1, "compared": 5}, False, "amount is off"),
    ("is too old", {"passed": True, "age_hours": 25, "compared": 5}, False, "nothing was compared"),
    ("compared nothing", {"passed": True, "age_hours": 1, "compared": 0}, False, "nothing was compared"),
    ("is not there", None, False, "nothing was compared"),
]


@pytest.mark.parametrize(("case", "passed", "words"), [c[1:] for c in PARITY_CASES], ids=[c[0] for c in PARITY_CASES])
def test_the_gate_wants_a_comparison_of_stream_and_batch_that_is_recent(
    result, platform, broker, settings, case, passed, words
):
    create_topics(settings)
    topics = {"kafka_broker": broker, "kafka_predictions_topic": settings.kafka_predictions_topic}
    connected = PlatformResource(overrides={**platform.overrides, **topics})
    with dg.DagsterInstance.ephemeral() as fresh, as_champion(platform, 1):
        fresh.report_runless_asset_event(dg.AssetMaterialization(REGISTERED, metadata={"version": 1}))
        if case:
            fresh.report_runless_asset_event(parity_result(**case))
        outcome = judge(connected, fresh, 1)["stream_features_match_batch"]
    assert outcome.passed is passed
    assert words in outcome.description


def test_without_a_champion_there_is_no_stream_to_compare(result, platform, instance):
    outcome = judge(platform, instance, 1)["stream_features_match_batch"]
    assert outcome.passed and "there is no champion" in outcome.description


def test_probabilities_that_are_far_too_high_are_not_calibrated(bundle, test_rows):
    card = bundle.card
    high = np.minimum(1.0, 5 * np.array(card.calibration_probabilities))
    calibration = Calibration(np.array(card.calibration_scores), high, card.calibration_method)
    assert calibration_on(bundle, test_rows).passed
    assert not calibration_on(replace(bundle, calibration=calibration), test_rows).passed


def test_a_model_over_the_latency_budget_fails(bundle):
    assert not latency_of(bundle, budget_us=1e-6).passed
