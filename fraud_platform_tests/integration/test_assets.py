"""The asset graph on real Kafka, Spark, Delta and MLflow: one small world from messages to a registered model."""

from datetime import date, timedelta
from functools import partial

import dagster as dg
import numpy as np
import pyarrow as pa
import pytest
from typer.testing import CliRunner

from fraud_platform.cli.main import app
from fraud_platform.core.time import day_start_ms
from fraud_platform.definitions import definitions
from fraud_platform.defs.models.checks import GATE
from fraud_platform.defs.models.jobs import judging
from fraud_platform.errors import PromotionError
from fraud_platform.local.environment import environment
from fraud_platform.messages.schemas import encode
from fraud_platform.operations import rollout
from fraud_platform.operations.aliases import CHAMPION
from fraud_platform.pipeline import tables
from fraud_platform.resources.platform import PlatformResource
from fraud_platform.storage import spark
from fraud_platform.storage.kafka import producer
from fraud_platform_tests.support.answering_scorer import deploy, scorer
from fraud_platform_tests.support.bad_messages import BAD_MESSAGES
from fraud_platform_tests.support.forty_days import DAYS, FIRST_DAY, NEXT_DAY
from fraud_platform_tests.support.forty_days_platform import platform_on, run_job, send_days
from fraud_platform_tests.support.kafka_outcome import read
from fraud_platform_tests.support.kernel_on_lake import PLACE, kernel_on_lake
from fraud_platform_tests.support.predictions import decision_on
from fraud_platform_tests.support.simulated_world import CUSTOMER_FEATURES, FEATURE_NAMES, VELOCITY_FEATURES

LAST_DAY = NEXT_DAY
"""Only the bad messages arrive on the last day, so it has no accepted row."""
MIDDLE = date(2026, 5, 15)
MESSAGE_TABLES = (tables.RAW_TRANSACTIONS, tables.RAW_LABELS, tables.TRANSACTIONS, tables.LABELS, tables.REJECTIONS)
PROMISES = {
    "every_offset_is_accounted_for",
    "consecutive_days_meet",
    "books_balance",
    "every_message_is_decoded",
    "risk_is_a_share",
    "values_are_finite",
    "every_accepted_transaction_has_features",
    "splits_keep_the_label_delay",
    "both_classes_in_each_split",
    "only_the_train_split_is_resampled",
}
WARNINGS = {"few_messages_are_rejected", "main_model_beats_references"}
"""Checks that the small world need not pass."""
CONFIG = {"ops": {"candidate_models": {"config": {"epochs": 30}}}}
"""With references: the first version of all has no champion to be held against."""


@pytest.fixture(scope="module")
def platform(broker, mlflow_server, tmp_path_factory) -> PlatformResource:
    return platform_on(broker, mlflow_server, tmp_path_factory.mktemp("assets"))


@pytest.fixture(scope="module")
def instance():
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


@pytest.fixture(scope="module")
def run(platform, instance):
    """Runs a job over days, see `run_job`."""
    return partial(run_job, definitions(platform), instance)


@pytest.fixture(scope="module")
def trained(run, platform) -> dg.ExecuteInProcessResult:
    send_days(platform.settings)
    return run("train_fraud_detection_model", FIRST_DAY, LAST_DAY, run_config=CONFIG)


def in_order(table: pa.Table) -> pa.Table:
    candidates = ("date", "kafka_partition", "kafka_offset", "entity", "value")
    keys = [name for name in candidates if name in table.column_names]
    return table.select(sorted(table.column_names)).sort_by([(key, "ascending") for key in keys]).combine_chunks()


def test_one_run_over_a_range_goes_from_kafka_to_a_registered_model(trained, platform):
    materialised = {event.asset_key.to_user_string() for event in trained.get_asset_materialization_events()}
    assert {"raw_transactions", "transaction_features", "training_set", "registered_model"} <= materialised
    checks = {e.check_name: e.passed for e in trained.get_asset_check_evaluations()}
    assert {name: passed for name, passed in checks.items() if name not in WARNINGS} == dict.fromkeys(PROMISES, True)
    assert checks.keys() > WARNINGS
    assert platform.registry.version("challenger") is None


def test_the_gate_is_a_job_of_its_own_and_lets_the_first_version_through(trained, platform, run):
    judged = run("judge_model", run_config=judging(1))
    assert {e.check_name: e.passed for e in judged.get_asset_check_evaluations()} == {k.name: True for k in GATE}
    assert not judged.get_asset_materialization_events()


def test_every_message_is_a_raw_row_as_it_was_received(trained, platform):
    rows = platform.lake.read(tables.RAW_TRANSACTIONS).to_pylist()
    stored = {(row["kafka_partition"], row["kafka_offset"]): row for row in rows}
    sent = read(platform.settings, platform.settings.kafka_topic)
    assert len(stored) == len(rows) == len(sent)
    for message in sent:
        row = stored[message.partition(), message.offset()]
        assert (row["key"], row["value"], row["kafka_timestamp_ms"], row["topic"], row["as_received"]) == (
            message.key(),
            message.value(),
            message.timestamp()[1],
            message.topic(),
            True,
        )
    headers = [row["headers"] for row in rows if row["headers"]]
    assert headers == [[{"key": "trace", "value": b"\xff\x00"}, {"key": "trace", "value": None}]]


def test_every_message_is_accepted_or_rejected(trained, platform):
    lake, topic = platform.lake, platform.settings.kafka_topic
    sent = [(message.partition(), message.offset()) for message in read(platform.settings, topic)]
    rejected = lake.read(tables.REJECTIONS, ["topic", "kafka_partition", "kafka_offset"]).to_pylist()
    accepted = lake.read(tables.TRANSACTIONS, ["kafka_partition", "kafka_offset"])
    places = [(row["kafka_partition"], row["kafka_offset"]) for row in rejected if row["topic"] == topic]
    places += zip(*(column.to_pylist() for column in accepted.columns), strict=True)
    assert sorted(places) == sorted(sent)


def test_bad_messages_are_rejected_with_field_and_reason(trained, platform):
    rows = platform.lake.read(tables.REJECTIONS, first=LAST_DAY, last=LAST_DAY).to_pylist()
    found = {(row["key"], row["value"]): row for row in rows}
    assert len(rows) == len(BAD_MESSAGES)
    for name, (key, value, field, reason) in BAD_MESSAGES.items():
        row = found[key, value]
        assert row["field"] == field, name
        assert reason in row["reason"], name


def test_days_follow_the_arrival_and_have_one_file_each(trained, platform):
    rows = platform.lake.read(tables.TRANSACTIONS, ["date", "kafka_timestamp_ms"])
    arrival = rows["kafka_timestamp_ms"].to_numpy().astype("datetime64[ms]").astype("datetime64[D]")
    np.testing.assert_array_equal(rows["date"].to_numpy(), arrival)
    folder = platform.settings.data_dir / "lake/transactions"
    assert len(list(folder.rglob("*.parquet"))) == DAYS == len(platform.lake.dates(tables.TRANSACTIONS))


def test_batch_features_are_the_kernels(trained, platform):
    offsets, values, repeats = kernel_on_lake(platform.lake)
    rows = platform.lake.read(tables.FEATURES).sort_by(PLACE)
    assert repeats > 0
    assert rows["kafka_offset"].to_pylist() == offsets
    assert values[:, len(CUSTOMER_FEATURES) :].any(axis=0).all()
    for feature, column in zip(CUSTOMER_FEATURES + VELOCITY_FEATURES, values.T, strict=True):
        np.testing.assert_allclose(rows[feature.name].to_numpy(), column, rtol=1e-9, atol=1e-9, err_msg=feature.name)


@pytest.mark.parametrize(
    ("days", "driver_rows"),
    [((MIDDLE, None), 0), ((MIDDLE, MIDDLE + timedelta(days=2)), None)],
    ids=["one day, written by Spark", "a range, written by the driver"],
)
def test_rematerialising_closed_days_gives_the_same_rows(trained, platform, run, days, driver_rows, monkeypatch):
    if driver_rows is not None:
        monkeypatch.setattr(spark, "DRIVER_ROWS", driver_rows)
        monkeypatch.setattr(spark, "PACKED_DRIVER_ROWS", driver_rows)
    written = [*MESSAGE_TABLES, tables.MERCHANT_RISK, tables.VELOCITY, tables.FEATURES]
    before = {table: in_order(platform.lake.read(table)) for table in written}
    versions = {table: platform.lake.version(table) for table in written}
    selection = [dg.AssetKey(table.asset) for table in written]
    run("train_fraud_detection_model", *days, asset_selection=selection)
    for table in written:
        assert platform.lake.version(table) > versions[table]
        assert in_order(platform.lake.read(table)).equals(before[table]), table


@pytest.mark.parametrize("asset", ["raw_transactions", "raw_labels", "transactions", "labels", "rejected"])
def test_a_table_alone_is_written_anew_and_the_others_stay(trained, platform, run, asset):
    by_asset = {table.asset: table for table in MESSAGE_TABLES}
    rows = in_order(platform.lake.read(by_asset[asset]))
    versions = {name: platform.lake.version(table) for name, table in by_asset.items()}
    result = run("train_fraud_detection_model", MIDDLE, asset_selection=[dg.AssetKey(asset)])
    assert {event.asset_key.to_user_string() for event in result.get_asset_materialization_events()} == {asset}
    assert all(e.passed for e in result.get_asset_check_evaluations() if e.check_name not in WARNINGS)
    assert {n for n, table in by_asset.items() if platform.lake.version(table) > versions[n]} == {asset}
    assert in_order(platform.lake.read(by_asset[asset])).equals(rows)


def test_a_prediction_with_other_features_than_batch_fails_the_check(trained, platform, run):
    table = platform.lake.read(tables.FEATURES, first=MIDDLE, last=MIDDLE + timedelta(days=1))
    rows = table.sort_by([(name, "ascending") for name in ("date", "kafka_partition", "kafka_offset")]).to_pylist()
    kafka = producer(platform.settings)
    # First, so that it lies in the first day whatever its partition: days are ranges of offsets.
    no_prediction = day_start_ms(MIDDLE) + 1000
    kafka.produce(platform.settings.kafka_predictions_topic, b"garbage", timestamp=no_prediction)
    for row in rows:
        features = [row[name] for name in FEATURE_NAMES]
        if row is rows[-1]:
            features[FEATURE_NAMES.index("count_7d")] += 1
        timestamp = day_start_ms(row["date"]) + 1000
        kafka.produce(
            platform.settings.kafka_predictions_topic, encode(decision_on(row, features)), timestamp=timestamp
        )
    kafka.flush()
    result = run("collect_predictions", MIDDLE, asset_selection=[dg.AssetKey("scored_transactions")])
    (parity,) = [e for e in result.get_asset_check_evaluations() if e.check_name == "features_match_stream"]
    assert parity.passed
    assert parity.metadata["compared"].value > 100
    (made,) = result.asset_materializations_for_node("scored_transactions")
    assert made.metadata["messages_skipped"].value == 1
    wrong = run(
        "collect_predictions",
        MIDDLE + timedelta(days=1),
        asset_selection=[dg.AssetKey("scored_transactions")],
        raise_on_error=False,
    )
    (parity,) = [e for e in wrong.get_asset_check_evaluations() if e.check_name == "features_match_stream"]
    assert not parity.passed
    assert parity.description.startswith(f"transaction {rows[-1]['transaction_id']}: count_7d is ")


def test_a_version_that_the_scorer_refuses_does_not_stay_champion(trained, platform, instance):
    with pytest.raises(PromotionError, match="refused version 1: its scores differ"):
        deploy(platform, instance, "model_refused", reason="its scores differ")
    assert platform.registry.version(CHAMPION) is None
    assert platform.registry.tags(1)[rollout.STOPPED] == "not taken: the scorer refused version 1: its scores differ"


def test_a_version_that_the_scorer_takes_is_champion_from_its_first_offsets(trained, platform, instance):
    deploy(platform, instance, "model_loaded", from_offsets={"0": 17})
    assert platform.registry.version(CHAMPION) == 1
    tags = platform.registry.tags(1)
    assert tags["champion_reason"] == "it is better" and tags["champion_by"].startswith("Dagster run ")
    assert rollout.STOPPED not in tags


def test_a_person_can_promote_a_version_against_the_checks(trained, platform, instance, monkeypatch):
    platform.registry.delete_alias(CHAMPION)
    with scorer(platform, "model_loaded", from_offsets={"0": 17}) as answered:
        for name, value in environment(answered.settings).items():
            monkeypatch.setenv(name, value)
        outcome = CliRunner().invoke(app, ["promote", "1", "--by", "Ann", "--reason", "a bank holiday in the holdout"])
    assert outcome.exit_code == 0, outcome.output
    assert outcome.stdout == (
        "version 1 is the champion (there was none before); it scores from offset 17 of partition 0 on\n"
    )
    tags = platform.registry.tags(1)
    assert (tags["champion_by"], tags["champion_reason"]) == ("Ann", "a bank holiday in the holdout")
