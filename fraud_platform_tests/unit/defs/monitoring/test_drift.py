"""feature_drift and score_drift over a small lake: what is told of a day, and what is said where nothing can be."""

from datetime import timedelta

import dagster as dg
import pyarrow as pa
import pytest

from fraud_platform.core.monitoring.drift import REJECTED
from fraud_platform.defs.monitoring.assets import feature_drift, score_drift
from fraud_platform.defs.monitoring.checks import features_have_not_drifted, scores_have_not_drifted
from fraud_platform.pipeline import tables
from fraud_platform.resources.platform import PlatformResource
from fraud_platform_tests.support.drifting_lake import (
    LATER,
    VERSION,
    change_features,
    platform_with_champion,
    write_predictions,
)
from fraud_platform_tests.support.simulated_world import FEATURE_NAMES


@pytest.fixture
def platform(tmp_path, monkeypatch) -> PlatformResource:
    return platform_with_champion(tmp_path, monkeypatch)


def told(platform: PlatformResource, asset: dg.AssetsDefinition, check: dg.AssetChecksDefinition, day=LATER):
    """Metadata of the materialisation, and the check's result."""
    with dg.DagsterInstance.ephemeral() as instance:
        run = dg.materialize(
            [asset, check], instance=instance, partition_key=day.isoformat(), resources={"platform": platform}
        )
        (evaluation,) = run.get_asset_check_evaluations()
        (event,) = run.asset_materializations_for_node(asset.node_def.name)
    return {name: value.value for name, value in event.metadata.items()}, evaluation


def test_a_day_like_the_reference_passes_and_has_a_row_for_each_feature(platform):
    metadata, check = told(platform, feature_drift, features_have_not_drifted)
    assert check.passed and check.severity == dg.AssetCheckSeverity.WARN
    assert check.description == f"{LATER}: none of {len(FEATURE_NAMES)} comparisons tells of a drift"
    rows = platform.lake.read(tables.FEATURE_DRIFT).to_pylist()
    assert [row["feature"] for row in rows] == list(FEATURE_NAMES)
    assert {(row["date"], row["model_version"]) for row in rows} == {(LATER, VERSION)}
    assert metadata["drifted"] == 0 and metadata["drift"].startswith("![drift](data:image/png;base64,")


def test_a_feature_in_another_unit_is_named_with_its_numbers(platform):
    change_features(platform.lake, LATER, amount=100)
    metadata, check = told(platform, feature_drift, features_have_not_drifted)
    assert not check.passed and metadata["drifted"] == 1
    assert f"1 of {len(FEATURE_NAMES)} comparisons tell of a drift: amount on {LATER} (index " in check.description
    assert check.metadata["compared"].value == len(FEATURE_NAMES)


def test_many_rejected_messages_are_a_drift(platform):
    accepted = platform.lake.read(tables.FEATURES, ["date", "transaction_id"], LATER, LATER)
    platform.lake.replace_days(tables.TRANSACTIONS, accepted, LATER, LATER)
    rejected = pa.table({"date": [LATER] * 100, "topic": [platform.settings.kafka_topic] * 100})
    platform.lake.replace_days(tables.REJECTIONS, rejected, LATER, LATER)
    _, check = told(platform, feature_drift, features_have_not_drifted)
    assert not check.passed and f"{REJECTED} on {LATER} (" in check.description


@pytest.mark.parametrize(("rejected", "words"), [(300, f"{REJECTED} on "), (0, "nothing was compared")])
def test_a_day_of_which_all_was_rejected_is_told_by_that(platform, rejected, words):
    day = LATER + timedelta(days=100)
    rows = pa.table({"date": [day] * rejected, "topic": [platform.settings.kafka_topic] * rejected})
    schema = pa.schema([("date", pa.date32()), ("topic", pa.string())])
    platform.lake.replace_days(tables.REJECTIONS, rows.cast(schema), day, day)
    _, check = told(platform, feature_drift, features_have_not_drifted, day)
    assert not check.passed and words in check.description


def test_a_bundle_of_a_former_release_is_said_to_have_no_reference(tmp_path, monkeypatch):
    platform = platform_with_champion(tmp_path, monkeypatch, with_reference=False)
    _, check = told(platform, feature_drift, features_have_not_drifted)
    assert not check.passed
    assert check.description.startswith("nothing was compared: version 1 has no reference")
    assert platform.lake.read(tables.FEATURE_DRIFT).num_rows == 0
    write_predictions(platform.lake, LATER)
    _, check = told(platform, score_drift, scores_have_not_drifted)
    assert not check.passed and "version 1 has no reference" in check.description


def test_without_a_champion_nothing_is_compared_and_nothing_passes(tmp_path, monkeypatch):
    platform = platform_with_champion(tmp_path, monkeypatch, champion=None)
    _, check = told(platform, feature_drift, features_have_not_drifted)
    assert not check.passed and "there is no champion" in check.description


@pytest.mark.parametrize(
    ("asset", "check"), [(feature_drift, features_have_not_drifted), (score_drift, scores_have_not_drifted)]
)
def test_a_day_without_rows_does_not_pass(platform, asset, check):
    day = LATER + timedelta(days=100)
    metadata, result = told(platform, asset, check, day)
    assert not result.passed and result.description.startswith(f"nothing was compared: {day}: ")
    assert metadata["not_compared"] and "drift" not in metadata


def test_scores_like_those_of_the_reference_pass(platform):
    write_predictions(platform.lake, LATER)
    _, check = told(platform, score_drift, scores_have_not_drifted)
    assert check.passed, check.description
    rows = platform.lake.read(tables.SCORE_DRIFT).to_pylist()
    assert [row["measure"] for row in rows] == ["probability", "alerts"]
    assert rows[1]["value"] is not None and rows[1]["psi"] is None


def test_scores_that_have_shifted_are_told_of(platform):
    write_predictions(platform.lake, LATER, shift=0.5)
    _, check = told(platform, score_drift, scores_have_not_drifted)
    assert not check.passed and f"probability on {LATER}" in check.description and "alerts on" in check.description
