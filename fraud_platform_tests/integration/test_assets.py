"""The asset graph on real Kafka, Spark, Delta and MLflow: one small world from messages to a registered model."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from threading import Event, Thread

import dagster as dg
import numpy as np
import pyarrow as pa
import pytest
from typer.testing import CliRunner

from fraud_platform.cli.main import app
from fraud_platform.core.features.events import NO_EVENTS
from fraud_platform.core.features.kernel import customer_features
from fraud_platform.core.features.table import CUSTOMER_FEATURES, FEATURE_NAMES, feature_set_hash
from fraud_platform.core.features.velocity import VELOCITY_FEATURES
from fraud_platform.core.simulation.days import simulate_day
from fraud_platform.core.simulation.world import World
from fraud_platform.core.time import day_start_ms
from fraud_platform.definitions import definitions
from fraud_platform.defs.schedules import RANGE_END, RANGE_START
from fraud_platform.errors import PromotionError
from fraud_platform.local.environment import environment
from fraud_platform.resources.platform import PlatformResource
from fraud_platform.schemas import Prediction, ScorerEvent, encode
from fraud_platform.settings import PROJECT_ROOT
from fraud_platform.storage import spark
from fraud_platform.storage.clock import now_ms
from fraud_platform.storage.feed import feed_producer, send
from fraud_platform.storage.feed_messages import Disturbances
from fraud_platform.storage.feed_schedule import schedule
from fraud_platform.storage.kafka import committed_reader, create_topics, producer, watermarks
from fraud_platform.storage.ledger import write_event
from fraud_platform.storage.pacing import AsFastAsPossible
from fraud_platform.storage.registry import CHAMPION
from fraud_platform.storage.transactions import events_of
from fraud_platform_tests.bad_messages import BAD_MESSAGES, EVENT_TIME_MS
from fraud_platform_tests.one_go import velocities_in_one_go
from fraud_platform_tests.waiting import wait_until

FIRST_DAY, DAYS = date(2026, 4, 18), 40
LAST_DAY = FIRST_DAY + timedelta(days=DAYS)
"""Only the bad messages arrive on the last day, so it has no accepted row."""
MIDDLE = date(2026, 5, 15)
PROMISES = {
    "every_offset_is_accounted_for",
    "risk_is_a_share",
    "values_are_finite",
    "every_accepted_transaction_has_features",
    "splits_keep_the_label_delay",
    "both_classes_in_each_split",
    "only_the_train_split_is_resampled",
    "beats_the_champion",
    "is_calibrated",
    "stream_features_match_batch",
    "reproduces_reference_scores",
    "scores_within_latency_budget",
}
WARNINGS = {"few_messages_are_rejected", "main_model_beats_references"}
"""Checks that the small world need not pass."""
CONFIG = {"ops": {"candidate_models": {"config": {"epochs": 30, "references": False}}}}


@pytest.fixture(scope="module")
def platform(broker, mlflow_server, tmp_path_factory) -> PlatformResource:
    unique = uuid.uuid4().hex[:8]
    topics = ("topic", "labels_topic", "predictions_topic", "dead_letter_topic", "events_topic")
    values = {
        "data_dir": tmp_path_factory.mktemp("assets"),
        "jars_dir": PROJECT_ROOT / ".jars",
        "kafka_broker": broker,
        "kafka_partitions": 3,
        "mlflow_tracking_uri": mlflow_server,
        "model_name": f"fraud-detector-{unique}",
        "label_delay_days": 4,
        "validation_days": 6,
        "test_days": 6,
        "alert_budget_per_day": 5,
        "promotion_timeout_seconds": 20,
        **{f"kafka_{topic}": f"{topic}-{unique}" for topic in topics},
    }
    return PlatformResource(overrides={name: str(value) for name, value in values.items()})


@pytest.fixture(scope="module")
def instance():
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


@pytest.fixture(scope="module")
def world(platform):
    """Forty simulated days with late, repeated and malformed messages, then the bad messages."""
    settings = platform.settings
    create_topics(settings)
    world = World(seed=12, customers=500, merchants=200)
    days = (simulate_day(world, FIRST_DAY + timedelta(days=n)) for n in range(DAYS))
    disturbances = Disturbances(0.05, 0.02, 0.01, seed=3)
    messages = schedule(days, day_start_ms(LAST_DAY), disturbances=disturbances)
    report = send(feed_producer(settings), settings, messages, AsFastAsPossible(), stop=Event())
    kafka = producer(settings)
    for key, value, _, _ in BAD_MESSAGES.values():
        kafka.produce(settings.kafka_topic, value, key, timestamp=EVENT_TIME_MS)
    kafka.flush()
    return report


@pytest.fixture(scope="module")
def run(platform, instance):
    """Runs a job over days as one run: over a range by its tags, over a single day by its partition key."""
    jobs = definitions(platform)

    def run(job: str, first: date | None = None, last: date | None = None, **options):
        if first and last:
            options["tags"] = {RANGE_START: first.isoformat(), RANGE_END: last.isoformat()}
        elif first:
            options["partition_key"] = first.isoformat()
        return jobs.resolve_job_def(job).execute_in_process(instance=instance, **options)

    return run


@pytest.fixture(scope="module")
def trained(run, world):
    return run("train_fraud_detection_model", FIRST_DAY, LAST_DAY, run_config=CONFIG)


def in_order(table: pa.Table) -> pa.Table:
    candidates = ("date", "kafka_partition", "kafka_offset", "merchant_id", "entity")
    keys = [name for name in candidates if name in table.column_names]
    return table.select(sorted(table.column_names)).sort_by([(key, "ascending") for key in keys]).combine_chunks()


def test_one_run_over_a_range_goes_from_kafka_to_a_registered_model(trained, platform):
    materialised = {event.asset_key.to_user_string() for event in trained.get_asset_materialization_events()}
    assert {"raw_transactions", "transaction_features", "training_set", "registered_model"} <= materialised
    checks = {e.check_name: e.passed for e in trained.get_asset_check_evaluations()}
    assert {name: passed for name, passed in checks.items() if name not in WARNINGS} == dict.fromkeys(PROMISES, True)
    assert checks.keys() > WARNINGS
    assert platform.registry.version("challenger") == 1


def test_every_message_is_in_one_raw_table(trained, platform):
    lake, topic = platform.lake, platform.settings.kafka_topic
    with committed_reader(platform.settings) as consumer:
        sent = {(p, offset) for p, (start, end) in watermarks(consumer, topic).items() for offset in range(start, end)}
    rejected = lake.read("raw/rejected", ["topic", "kafka_partition", "kafka_offset"]).to_pylist()
    accepted = lake.read("raw/transactions", ["kafka_partition", "kafka_offset"])
    places = [(row["kafka_partition"], row["kafka_offset"]) for row in rejected if row["topic"] == topic]
    places += zip(*(column.to_pylist() for column in accepted.columns), strict=True)
    assert sorted(places) == sorted(sent)


def test_bad_messages_are_rejected_with_field_and_reason(trained, platform):
    rows = platform.lake.read("raw/rejected", first=LAST_DAY, last=LAST_DAY).to_pylist()
    found = {(row["key"], row["value"]): row for row in rows}
    assert len(rows) == len(BAD_MESSAGES)
    for name, (key, value, field, reason) in BAD_MESSAGES.items():
        row = found[key, value]
        assert row["field"] == field, name
        assert reason in row["reason"], name


def test_days_follow_the_arrival_and_have_one_file_each(trained, platform):
    rows = platform.lake.read("raw/transactions", ["date", "kafka_timestamp_ms"])
    arrival = rows["kafka_timestamp_ms"].to_numpy().astype("datetime64[ms]").astype("datetime64[D]")
    np.testing.assert_array_equal(rows["date"].to_numpy(), arrival)
    folder = platform.settings.data_dir / "lake/raw/transactions"
    assert len(list(folder.rglob("*.parquet"))) == DAYS == len(platform.lake.dates("raw/transactions"))


def test_batch_features_are_the_kernels(trained, platform):
    events = platform.lake.read("raw/transactions")
    events = events.sort_by([("kafka_partition", "ascending"), ("kafka_offset", "ascending")])
    expected = customer_features(NO_EVENTS, events_of(events))
    rows = in_order(platform.lake.read("features/transactions")).sort_by(
        [("kafka_partition", "ascending"), ("kafka_offset", "ascending")]
    )
    assert expected.duplicate.sum() > 0
    assert rows["kafka_offset"].to_pylist() == events["kafka_offset"].filter(~expected.duplicate).to_pylist()
    values = np.hstack((expected.values, velocities_in_one_go(events_of(events))))[~expected.duplicate]
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
    tables = [f"raw/{name}" for name in ("transactions", "labels", "rejected")]
    tables += [f"features/{name}" for name in ("merchant_risk", "velocity", "transactions")]
    before = {table: in_order(platform.lake.read(table)) for table in tables}
    versions = {table: platform.lake.version(table) for table in tables}
    selection = ["raw_transactions", "raw_labels", "raw_rejected", "merchant_risk", "velocity", "transaction_features"]
    run("train_fraud_detection_model", *days, asset_selection=[dg.AssetKey(key) for key in selection])
    for table in tables:
        assert platform.lake.version(table) > versions[table]
        assert in_order(platform.lake.read(table)).equals(before[table]), table


def prediction(row: dict, features: list[float]) -> bytes:
    return encode(
        Prediction(
            transaction_id=row["transaction_id"],
            customer_id=row["customer_id"],
            event_time_ms=row["event_time_ms"],
            probability=0.5,
            threshold=0.4,
            is_fraud=True,
            model_name="m",
            model_version=1,
            reasons=["why"],
            source_partition=row["kafka_partition"],
            source_offset=row["kafka_offset"],
            scored_at_ms=row["event_time_ms"],
            merchant_risk_date=row["date"].isoformat(),
            feature_set=feature_set_hash(),
            features=features,
        )
    )


def test_a_prediction_with_other_features_than_batch_fails_the_check(trained, platform, run):
    table = platform.lake.read("features/transactions", first=MIDDLE, last=MIDDLE + timedelta(days=1))
    rows = table.sort_by([(name, "ascending") for name in ("date", "kafka_partition", "kafka_offset")]).to_pylist()
    kafka = producer(platform.settings)
    for row in rows:
        features = [row[name] for name in FEATURE_NAMES]
        if row is rows[-1]:
            features[FEATURE_NAMES.index("count_7d")] += 1
        timestamp = day_start_ms(row["date"]) + 1000
        kafka.produce(platform.settings.kafka_predictions_topic, prediction(row, features), timestamp=timestamp)
    kafka.flush()
    result = run("collect_predictions", MIDDLE, asset_selection=[dg.AssetKey("scored_transactions")])
    (parity,) = [e for e in result.get_asset_check_evaluations() if e.check_name == "features_match_stream"]
    assert parity.passed
    assert parity.metadata["compared"].value > 100
    wrong = run(
        "collect_predictions",
        MIDDLE + timedelta(days=1),
        asset_selection=[dg.AssetKey("scored_transactions")],
        raise_on_error=False,
    )
    (parity,) = [e for e in wrong.get_asset_check_evaluations() if e.check_name == "features_match_stream"]
    assert not parity.passed
    assert parity.description.startswith(f"transaction {rows[-1]['transaction_id']}: count_7d is ")


@contextmanager
def scorer(platform: PlatformResource, kind: str, **fields) -> Iterator[PlatformResource]:
    """The platform with a ledger of its own, in which a scorer answers once version 1 is the champion."""
    answered = PlatformResource(
        overrides={**platform.overrides, "kafka_events_topic": f"events-{uuid.uuid4().hex[:8]}"}
    )
    create_topics(answered.settings)

    def answer() -> None:
        wait_until(lambda: answered.registry.version(CHAMPION) == 1, "the alias")
        write_event(answered.settings, ScorerEvent(kind=kind, scorer_id="s", at_ms=now_ms(), model_version=1, **fields))

    thread = Thread(target=answer)
    thread.start()
    try:
        yield answered
    finally:
        thread.join()


def deploy(platform, instance, kind: str, **fields) -> dg.ExecuteInProcessResult:
    """promote_model for version 1, to which a scorer gives this answer."""
    with scorer(platform, kind, **fields) as answered:
        job = definitions(answered).resolve_job_def("promote_model")
        return job.execute_in_process({"ops": {"deployed_model": {"config": {"version": 1}}}}, instance)


def test_a_version_that_the_scorer_refuses_does_not_stay_champion(trained, platform, instance):
    with pytest.raises(PromotionError, match="refused version 1: its scores differ"):
        deploy(platform, instance, "model_refused", reason="its scores differ")
    assert platform.registry.version(CHAMPION) is None


def test_a_version_that_the_scorer_takes_is_champion_from_its_first_offsets(trained, platform, instance):
    result = deploy(platform, instance, "model_loaded", from_offsets={"0": 17})
    (event,) = result.get_asset_materialization_events()
    assert event.materialization.metadata["first_offsets"].value == {"0": 17}
    assert platform.registry.version(CHAMPION) == 1
    assert platform.registry.tags(1)["champion_reason"] == "launched by hand"


def test_a_person_can_promote_a_version_against_the_checks(trained, platform, instance, monkeypatch):
    platform.registry.delete_alias(CHAMPION)
    with scorer(platform, "model_loaded", from_offsets={"0": 17}) as answered:
        for name, value in environment(answered.settings).items():
            monkeypatch.setenv(name, value)
        outcome = CliRunner().invoke(app, ["promote", "1", "--by", "Ann", "--reason", "a bank holiday in the holdout"])
    assert outcome.exit_code == 0, outcome.output
    assert outcome.stdout == "version 1 is the champion (there was none before); it scores from offsets {'0': 17}\n"
    tags = platform.registry.tags(1)
    assert (tags["champion_by"], tags["champion_reason"]) == ("Ann", "a bank holiday in the holdout")
