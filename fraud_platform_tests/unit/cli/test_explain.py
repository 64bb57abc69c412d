"""`fraud explain` over a small lake and a real bundle; only MLflow is left out."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from typer.testing import CliRunner

from fraud_platform.cli.main import app
from fraud_platform.core.explanation import Decision
from fraud_platform.core.model_bundle import ModelBundle
from fraud_platform.core.printable import printable
from fraud_platform.messages.arrow_schemas import PREDICTION
from fraud_platform.operations import decisions
from fraud_platform.operations.decisions import SCORED, find_decision
from fraud_platform.pipeline import tables
from fraud_platform.settings import Settings
from fraud_platform.storage.bundle_folder import save_bundle
from fraud_platform.storage.lake import Lake
from fraud_platform.storage.registry import Registry
from fraud_platform_tests.support import bundles, feature_lake
from fraud_platform_tests.support.hostile_text import HOSTILE, OBEYED
from fraud_platform_tests.support.simulated_world import FEATURE_NAMES, FEATURE_SET, FIELD_NAMES

VERSION, CHAMPION_VERSION = 3, 4
DAY = feature_lake.LAST_DAY


@pytest.fixture(scope="module")
def bundle() -> ModelBundle:
    return bundles.bundle()


@pytest.fixture(scope="module")
def lake(tmp_path_factory) -> Lake:
    """Features and raw transactions of the small world."""
    made = Lake(Settings(_env_file=None, data_dir=tmp_path_factory.mktemp("explained")))
    feature_lake.fill(made)
    feature_lake.fill_transactions(made)
    return made


@pytest.fixture(scope="module")
def scored(lake, bundle) -> dict:
    """The riskiest transaction of the last days, as the scorer would have logged it."""
    rows = lake.read(tables.FEATURES, first=DAY)
    features = np.column_stack([rows[name].to_numpy() for name in FEATURE_NAMES])
    probabilities = bundle.score(features)
    riskiest = int(np.argmax(probabilities))
    of_it = rows.slice(riskiest, 1).to_pylist()[0]
    decided = {
        "date": DAY,
        "kafka_partition": 0,
        "kafka_offset": 0,
        "kafka_timestamp_ms": of_it["event_time_ms"],
        "probability": float(probabilities[riskiest]),
        "threshold": 0.05,
        "is_fraud": bool(probabilities[riskiest] >= 0.05),
        "model_name": "test",
        "model_version": VERSION,
        "reasons": bundle.reasons(features[[riskiest]])[0],
        "source_partition": of_it["kafka_partition"],
        "source_offset": of_it["kafka_offset"],
        "scored_at_ms": of_it["event_time_ms"] + 900,
        "merchant_risk_date": None,
        "feature_set": FEATURE_SET.hash,
        "features": features[riskiest].tolist(),
    } | {name: of_it[name] for name in ("transaction_id", "customer_id", "event_time_ms")}
    lake.replace_days(tables.PREDICTIONS, pa.Table.from_pylist([decided], PREDICTION), DAY, DAY)
    return decided


@pytest.fixture(autouse=True)
def registry(monkeypatch, lake, bundle, tmp_path_factory) -> list[int]:
    """The versions that were asked for; MLflow is not running."""
    asked: list[int] = []
    folder = save_bundle(bundle, tmp_path_factory.mktemp("bundle") / "bundle")

    def download(self: Registry, version: int) -> Path:
        asked.append(version)
        return folder

    monkeypatch.setattr(Registry, "download", download)
    monkeypatch.setattr(Registry, "version", lambda self, alias: CHAMPION_VERSION)
    monkeypatch.setenv("DATA_DIR", str(Path(lake.uri(tables.LABELS)).parents[1]))
    monkeypatch.setenv("COLUMNS", "200")
    return asked


def explain(*arguments: str):
    return CliRunner().invoke(app, ["explain", *arguments])


def test_a_scored_transaction_is_taken_apart_by_the_version_that_scored_it(scored, registry):
    told = json.loads(explain(scored["transaction_id"], "--json").stdout)
    assert registry == [VERSION]
    for name in ("customer_id", "probability", "threshold", "is_fraud", "reasons", "source_offset", "scored_at_ms"):
        assert told[name] == scored[name]
    assert told["probability_again"] == told["probability"]
    total = told["base_log_odds"] + sum(part["contribution"] for part in told["features"])
    # The bundle of the test is not calibrated: its probability is that of the log-odds.
    assert 1 / (1 + np.exp(-total)) == pytest.approx(told["probability"], abs=1e-9)
    assert {part["name"]: part["value"] for part in told["features"]}["amount"] == scored["features"][0]


def test_the_history_is_the_customer_s_and_ends_before_the_transaction(scored):
    history = json.loads(explain(scored["transaction_id"], "--json").stdout)["history"]
    frame = feature_lake.simulated().query("customer_id == @scored['customer_id']")
    before = frame[frame["event_time_ms"] < scored["event_time_ms"]].sort_values("event_time_ms", ascending=False)
    assert [row["transaction_id"] for row in history] == before["transaction_id"].tolist()
    assert [row["amount"] for row in history] == before["amount"].tolist()
    assert set(history[0]) == set(FIELD_NAMES)


def test_a_person_sees_the_decision_the_reasons_and_the_sum(scored):
    shown = explain(scored["transaction_id"], "--features", "5")
    assert shown.exit_code == 0
    for words in (*scored["reasons"], "version 3", f"offset {scored['source_offset']}", "without any", "others", "sum"):
        assert words in shown.stdout


def test_what_was_never_scored_is_explained_by_the_champion(scored, registry):
    other = feature_lake.simulated()["transaction_id"].iloc[0]
    told = json.loads(explain(other, "--json").stdout)
    assert registry == [CHAMPION_VERSION] and told["scored_at_ms"] is None
    assert len(told["reasons"]) == 3
    assert "never scored" in explain(other).stdout


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_identifiers_are_shown_and_never_obeyed(scored, monkeypatch, text):
    """Optional fields, and rows of former releases, may hold anything."""
    values = {
        name: scored[name] for name in ("event_time_ms", "source_partition", "source_offset", "features", "feature_set")
    }
    decision = Decision(transaction_id=text, customer_id=text, model_version=VERSION, reasons=[text], **values)
    before = dict.fromkeys(FIELD_NAMES, text) | {"event_time_ms": -(10**17), "amount": 1.0, "device_id": None}
    monkeypatch.setattr(decisions, "find_decision", lambda *_: decision)
    monkeypatch.setattr(decisions, "history_before", lambda *_: [before | {"latitude": -90.0, "longitude": None}])
    result = explain(text)
    assert result.exit_code == 0, result.exception
    assert not OBEYED.search(result.stdout)
    if printable(text) == text:
        assert text in result.stdout


def test_an_unknown_transaction_is_one_clear_line():
    result = explain("T-unknown")
    assert result.exit_code == 2
    assert "T-unknown is neither in serving/predictions nor in features/transactions" in result.stderr


def test_a_model_of_other_features_is_one_clear_line(scored, bundle, monkeypatch, tmp_path):
    other = bundles.bundle(feature_set="0123", declared=bundles.OTHER_FEATURES)
    old = save_bundle(other, tmp_path / "old")
    monkeypatch.setattr(Registry, "download", lambda self, version: old)
    result = explain(scored["transaction_id"])
    assert result.exit_code == 2 and "reads of_another_declaration, which" in result.stderr


def test_a_decision_by_a_declaration_that_nobody_knows_any_more_is_one_clear_line(scored, monkeypatch):
    decision = Decision(**{name: scored[name] for name in SCORED} | {"feature_set": "of long ago"})
    monkeypatch.setattr(decisions, "find_decision", lambda *_: decision)
    result = explain(scored["transaction_id"])
    assert result.exit_code == 2 and "was scored with feature set of long ago" in result.stderr


def test_a_decision_of_another_declaration_is_explained_by_a_model_that_was_trained_on_it(
    scored, monkeypatch, tmp_path
):
    """Its features are those of the model: no declaration has to say which they are."""
    old = save_bundle(bundles.bundle(feature_set="of long ago", declared=bundles.OTHER_FEATURES), tmp_path / "old")
    decision = Decision(**{name: scored[name] for name in SCORED} | {"feature_set": "of long ago"})
    monkeypatch.setattr(Registry, "download", lambda self, version: old)
    monkeypatch.setattr(decisions, "find_decision", lambda *_: decision)
    told = json.loads(explain(scored["transaction_id"], "--json").stdout)
    assert {part["name"]: part["value"] for part in told["features"]} == dict(
        zip((feature.name for feature in bundles.OTHER_FEATURES), scored["features"], strict=True)
    )


def test_without_a_champion_a_transaction_that_was_never_scored_has_no_explanation(lake, monkeypatch):
    monkeypatch.setattr(Registry, "version", lambda self, alias: None)
    result = explain(feature_lake.simulated()["transaction_id"].iloc[0])
    assert result.exit_code == 2 and "there is no champion" in result.stderr


def test_a_decision_has_the_features_in_their_declared_order(lake):
    row = lake.read(tables.FEATURES, last=feature_lake.FIRST_DAY).slice(0, 1).to_pylist()[0]
    decision = find_decision(lake, row["transaction_id"], lambda: CHAMPION_VERSION)
    assert isinstance(decision, Decision)
    assert decision.features == [row[name] for name in FEATURE_NAMES]
