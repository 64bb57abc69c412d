"""The training set and its resampled split, materialised over a small lake. No service, no JVM."""

from datetime import timedelta

import dagster as dg
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from fraud_platform.core.time import DAY_MS
from fraud_platform.defs.training.assets import training_set
from fraud_platform.pipeline import tables
from fraud_platform.pipeline.training_rows import read_dataset, read_smote_ratio, read_test_rows
from fraud_platform.pipeline.training_snapshot import read_snapshot, read_split
from fraud_platform_tests.support import feature_lake
from fraud_platform_tests.support.feature_lake import FIRST_DAY, LAST_DAY
from fraud_platform_tests.support.simulated_world import FEATURE_NAMES, FEATURE_SET
from fraud_platform_tests.support.training_assets import changed, materialise, platform_at


@pytest.fixture
def rows(platform, result) -> pa.Table:
    return platform.lake.read(tables.TRAINING_SET).sort_by("row")


def test_it_stands_for_the_day_after_the_last_one(platform, result):
    snapshot = read_snapshot(platform.lake)
    assert snapshot["as_of"] == (LAST_DAY + timedelta(days=1)).isoformat()
    assert snapshot["splits"]["train"]["first_day"] == FIRST_DAY.isoformat()
    assert snapshot["splits"]["test"]["end_day"] == (LAST_DAY - timedelta(days=2)).isoformat()


def test_it_holds_each_transaction_of_the_splits_once_with_its_features(rows, platform):
    features = feature_lake.feature_rows(FEATURE_SET.hash).to_pandas()
    days = features["date"].astype(str)
    for name, part in read_snapshot(platform.lake)["splits"].items():
        found = rows.filter(pc.field("split") == name).to_pandas().set_index("transaction_id")
        expected = features[(days >= part["first_day"]) & (days < part["end_day"])].set_index("transaction_id")
        assert len(found) == len(expected) > 1000
        assert np.array_equal(found.loc[expected.index, list(FEATURE_NAMES)], expected[list(FEATURE_NAMES)])


def test_a_report_counts_only_in_splits_that_close_after_it(rows, platform):
    reports = feature_lake.report_rows().to_pandas().set_index("transaction_id")["reported_at_ms"]
    found = rows.select(["transaction_id", "split", "label"]).to_pandas()
    splits = read_snapshot(platform.lake)["splits"]
    closed_ms = {name: pd.Timestamp(part["labels_known_by"]).value // 10**6 for name, part in splits.items()}
    reported_ms = found["transaction_id"].map(reports).fillna(np.inf)
    assert np.array_equal(found["label"], reported_ms < found["split"].map(closed_ms))
    assert (~found["label"] & np.isfinite(reported_ms)).any(), "some reports come too late in this world"


def test_cards_blocked_when_the_day_began_are_marked_counted_and_not_judged_on(rows, platform):
    reported_ms = feature_lake.report_rows().to_pandas().set_index("transaction_id")["reported_at_ms"]
    customers = feature_lake.simulated().set_index("transaction_id")["customer_id"]
    of_customer = reported_ms.groupby(customers.reindex(reported_ms.index)).apply(list)
    found = rows.select(["customer_id", "date", "blocked"]).to_pandas()
    day_ms = pd.to_datetime(found["date"]).astype("datetime64[ms]").astype(np.int64)
    since_ms = day_ms - platform.settings.card_blocked_days * DAY_MS
    expected = [
        any(first <= ms < day for ms in of_customer.get(customer, []))
        for customer, first, day in zip(found["customer_id"], since_ms, day_ms, strict=True)
    ]
    assert found["blocked"].tolist() == expected
    test = rows.filter(pc.field("split") == "test")
    marked = pc.sum(test["blocked"]).as_py()
    assert marked == read_snapshot(platform.lake)["splits"]["test"]["blocked"] > 0
    assert read_test_rows(platform.lake).open.sum() == test.num_rows - marked


def test_a_bank_that_reports_once_a_week_tells_no_split_what_it_had_not_sent_yet(rows, tmp_path):
    weekly = feature_lake.report_rows(every_days=7)
    found = materialised_from(tmp_path, feature_lake.feature_rows(FEATURE_SET.hash), weekly)
    known_ms = (weekly["kafka_timestamp_ms"].to_numpy() // DAY_MS + 1) * DAY_MS
    known_on_arrival = changed(weekly, "reported_at_ms", pa.array(known_ms - 1))
    expected = materialised_from(tmp_path, feature_lake.feature_rows(FEATURE_SET.hash), known_on_arrival)
    assert found.equals(expected)
    for name in ("label", "blocked"):
        assert not found[name].equals(rows[name])


def test_labels_that_came_after_a_decision_change_nothing_that_it_was_based_on(rows, platform, tmp_path):
    decision = pd.Timestamp(read_snapshot(platform.lake)["splits"]["train"]["labels_known_by"])
    reports = feature_lake.report_rows()
    later = np.flatnonzero(reports["reported_at_ms"].to_numpy() >= decision.value // 10**6)
    labels = reports["is_fraud"].to_numpy().copy()
    labels[later[::2]] = False
    features = feature_lake.feature_rows(FEATURE_SET.hash)
    again = materialised_from(tmp_path, features, changed(reports, "is_fraud", pa.array(labels)))
    before, after = (table.filter(pc.field("split") == "train") for table in (rows, again))
    assert after.equals(before)
    assert not again["label"].equals(rows["label"]), "what was decided later does change"


def test_the_order_of_rows_in_the_lake_changes_nothing(rows, tmp_path):
    features, reports = feature_lake.feature_rows(FEATURE_SET.hash), feature_lake.report_rows()
    rng = np.random.default_rng(np.random.SeedSequence(8))
    shuffled = (table.take(rng.permutation(table.num_rows)) for table in (features, reports))
    assert materialised_from(tmp_path, *shuffled).equals(rows)


def materialised_from(folder, features: pa.Table, reports: pa.Table) -> pa.Table:
    """Rows of the training set over a lake of these tables."""
    platform = platform_at(folder)
    platform.lake.replace_days(tables.FEATURES, features, FIRST_DAY, LAST_DAY)
    platform.lake.replace_days(tables.LABELS, reports, FIRST_DAY, LAST_DAY)
    assert dg.materialize([training_set], resources={"platform": platform}).success
    return platform.lake.read(tables.TRAINING_SET).sort_by("row")


def test_the_snapshot_names_offsets_versions_and_feature_set(rows, platform):
    snapshot = read_snapshot(platform.lake)
    assert snapshot["feature_set"] == FEATURE_SET.hash
    assert snapshot["table_versions"] == {"features/transactions": 0, "labels": 0}
    for name, part in snapshot["splits"].items():
        chosen = rows.filter(pc.field("split") == name)
        assert part["transactions"] == chosen.num_rows
        assert sum(end - start for start, end in part["offsets"].values()) == chosen.num_rows


def test_materialising_again_gives_the_same_rows(platform, result, rows):
    resampled = platform.lake.read(tables.RESAMPLED_TRAINING_SET).sort_by("row")
    materialise(platform)
    assert platform.lake.read(tables.TRAINING_SET).sort_by("row").equals(rows)
    assert platform.lake.read(tables.RESAMPLED_TRAINING_SET).sort_by("row").equals(resampled)


def test_synthetic_frauds_reach_the_ratio_and_only_in_train(platform, result):
    resampled = platform.lake.read(tables.RESAMPLED_TRAINING_SET, ("transaction_id", "label", "synthetic"))
    frauds, synthetic = pc.sum(resampled["label"]).as_py(), resampled.filter(resampled["synthetic"])
    assert frauds == int(0.1 * (resampled.num_rows - frauds))
    assert synthetic.num_rows > 0 and synthetic["transaction_id"].null_count == synthetic.num_rows
    assert read_split(platform.lake, "test", ("row",)).num_rows > 0


def test_another_ratio_in_memory_is_what_a_table_of_that_ratio_would_be(result, platform, tmp_path):
    in_memory = read_dataset(platform.lake, 0.3).train
    assert read_smote_ratio(platform.lake) == 0.1
    other = platform_at(tmp_path, smote_ratio=0.3)
    feature_lake.fill(other.lake)
    materialise(other)
    for chosen in (None, 0.3):
        stored = read_dataset(other.lake, chosen).train
        for name in ("features", "labels", "synthetic"):
            assert np.array_equal(getattr(in_memory, name), getattr(stored, name)), name
    assert len(in_memory.labels) > len(read_dataset(platform.lake).train.labels)


def test_an_earlier_day_and_another_ratio_can_be_asked_for(tmp_path):
    platform = platform_at(tmp_path)
    feature_lake.fill(platform.lake)
    as_of = LAST_DAY - timedelta(days=2)
    materialise(
        platform,
        {"training_set": {"as_of": as_of.isoformat()}, "resampled_training_set": {"smote_ratio": 0.0}},
    )
    assert read_snapshot(platform.lake)["as_of"] == as_of.isoformat()
    assert pc.sum(platform.lake.read(tables.RESAMPLED_TRAINING_SET, ("synthetic",))["synthetic"]).as_py() == 0


@pytest.mark.parametrize(
    ("feature_set", "as_of", "message"),
    [
        ("0123456789abcdef", None, "rows of feature set 0123456789abcdef"),
        (None, "2026-06-01", "features end with 2026-03-30"),
        (None, "2026-03-04", "training needs"),
    ],
    ids=["another feature set", "a day that is not there yet", "too few days"],
)
def test_it_refuses(tmp_path, feature_set, as_of, message):
    platform = platform_at(tmp_path)
    feature_lake.fill(platform.lake, feature_set)
    result = materialise(platform, {"training_set": {"as_of": as_of}}, raise_on_error=False)
    failure = result.failure_data_for_node("training_set")
    assert failure.error.cause.cls_name == "TrainingError" and message in failure.error.cause.message


def test_an_empty_lake_names_the_asset_to_materialise(tmp_path):
    result = materialise(platform_at(tmp_path), raise_on_error=False)
    assert (
        "materialise transaction_features for some days"
        in result.failure_data_for_node("training_set").error.cause.message
    )
