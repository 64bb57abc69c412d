"""The data scientists' door over a small lake: tables, training set, predictions, and the champion on frames."""

import re

import numpy as np
import polars
import pyarrow as pa
import pytest

from fraud_platform.api import Platform, open_platform
from fraud_platform.errors import FrameError, LakeError, ModelError, UnknownDayError
from fraud_platform.pipeline import tables
from fraud_platform.pipeline.feature_rows import feature_matrix
from fraud_platform.project_root import PROJECT_ROOT
from fraud_platform.storage.registry import Registry
from fraud_platform_tests.support.drifting_lake import LATER, VERSION, platform_with_champion, write_predictions
from fraud_platform_tests.support.simulated_world import FEATURE_NAMES
from fraud_platform_tests.support.training_assets import materialise, platform_at

PAGE = PROJECT_ROOT / "docs" / "data-science.md"
PAGE_DAY = LATER.replace(day=25)


@pytest.fixture(scope="module")
def platform(tmp_path_factory):
    folder = tmp_path_factory.mktemp("door")
    with pytest.MonkeyPatch.context() as patch:
        made = platform_with_champion(folder, patch)
        write_predictions(made.lake, PAGE_DAY)
        materialise(platform_at(folder / "data"))
        patch.setenv("DATA_DIR", str(folder / "data"))
        yield open_platform()


@pytest.fixture(scope="module")
def rows(platform: Platform) -> pa.Table:
    return platform.table("features", "2026-03-20", "2026-03-21")


def test_every_block_of_the_page_runs(platform):
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    assert len(blocks) >= 6
    exec("\n".join(blocks), {})


@pytest.mark.parametrize("name", ["features", "features/transactions", "transaction_features"])
def test_a_table_is_found_by_its_short_name_its_own_and_that_of_its_asset(platform, name):
    read = platform.table(name, "2026-03-20", LATER.replace(day=21), ["date", "amount"])
    assert read.column_names == ["date", "amount"]
    assert {day.day for day in read["date"].to_pylist()} == {20, 21}


def test_a_name_that_no_table_has_is_told_with_the_names_that_there_are(platform):
    with pytest.raises(LakeError, match=r"there is no table 'feature': name one of features, features/merchant_risk"):
        platform.table("feature")


def test_a_table_that_is_not_there_yet_is_told_with_its_asset(platform):
    assert "labels" in platform.tables and "monitoring/performance" not in platform.tables
    with pytest.raises(LakeError, match="materialise model_performance first"):
        platform.table("monitoring/performance")


def test_text_that_is_no_day_is_one_error(platform):
    with pytest.raises(UnknownDayError, match="'20 March' is no day"):
        platform.table("features", "20 March")


def test_the_training_set_has_splits_labels_and_its_snapshot(platform):
    training = platform.training_set()
    assert training.rows["row"].to_pylist() == list(range(training.rows.num_rows))
    assert set(training.rows["split"].to_pylist()) == {"train", "validation", "test"}
    assert training.snapshot["splits"]["test"]["transactions"] == training.rows["split"].to_pylist().count("test")


def test_predictions_are_those_of_the_days(platform):
    assert set(platform.predictions(PAGE_DAY, PAGE_DAY)["model_version"].to_pylist()) == {VERSION}


@pytest.mark.parametrize(
    "frame", [lambda rows: rows, pa.Table.to_pandas, polars.from_arrow], ids=["Arrow", "pandas", "Polars"]
)
def test_the_champion_takes_its_columns_by_name_from_any_frame(platform, rows, frame):
    champion = platform.champion()
    shuffled = rows.select(list(reversed(rows.column_names)))
    expected = champion.bundle.score(feature_matrix(rows))
    assert champion.version == VERSION and champion.features == FEATURE_NAMES
    assert np.array_equal(champion.score(frame(shuffled)), expected)
    assert champion.reasons(frame(shuffled.slice(0, 2)))[0][0].endswith("the risk")


def test_missing_columns_are_one_error_with_their_names(platform, rows):
    with pytest.raises(FrameError, match=r"the frame lacks amount, hour: the model reads 52 features"):
        platform.champion().score(rows.drop_columns(["hour", "amount"]))


@pytest.mark.parametrize(
    ("value", "words"),
    [("much", "the column amount has something else than numbers"), (None, "missing values in amount")],
)
def test_what_is_no_number_is_one_error(platform, rows, value, words):
    frame = rows.to_pandas().astype({"amount": object})
    frame.loc[0, "amount"] = value
    with pytest.raises(FrameError, match=words):
        platform.champion().score(frame)


def test_a_frame_without_rows_has_no_scores(platform, rows):
    assert platform.champion().score(rows.slice(0, 0)).shape == (0,)


def test_without_a_champion_the_error_says_what_to_do(platform, monkeypatch):
    monkeypatch.setattr(Registry, "version", lambda self, alias: None)
    with pytest.raises(ModelError, match="there is no champion yet"):
        platform.champion()


def test_every_table_of_the_lake_has_a_name():
    assert len({table.name for table in tables.ALL}) == len(tables.ALL)
