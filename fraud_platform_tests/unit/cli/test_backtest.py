"""`fraud backtest` over a small lake."""

import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fraud_platform.cli.main import app
from fraud_platform.settings import Settings
from fraud_platform.storage.lake import Lake
from fraud_platform_tests.support import feature_lake


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("backtest")
    feature_lake.fill(Lake(Settings(_env_file=None, data_dir=folder)))
    return folder


@pytest.fixture(autouse=True)
def environment(monkeypatch, data_dir) -> None:
    values = {**feature_lake.SPLIT, "epochs": 20, "alert_budget_per_day": 5, "data_dir": data_dir}
    for name, value in values.items():
        monkeypatch.setenv(name.upper(), str(value))


def backtest(*arguments: str):
    return CliRunner().invoke(app, ["backtest", *arguments])


def test_test_ranges_follow_each_other_up_to_the_newest_mature_day():
    told = json.loads(backtest("--folds", "2", "--json").stdout)
    first, second = told["folds"]
    delay, days = feature_lake.SPLIT["label_delay_days"], feature_lake.SPLIT["test_days"]
    assert date.fromisoformat(second["test_to"]) == feature_lake.LAST_DAY - timedelta(days=delay)
    assert date.fromisoformat(second["test_from"]) == date.fromisoformat(first["test_to"]) + timedelta(days=1)
    assert second["train_days"] == first["train_days"] + days
    assert all(row["frauds"] > 0 and 0 < row["average_precision"] <= 1 for row in told["folds"])
    mean = told["mean"]["average_precision"]
    assert mean["low"] < mean["mean"] < mean["high"] and mean["days"] == 2


def test_the_table_ends_with_the_mean_and_one_fold_has_no_interval():
    shown = backtest("--folds", "1", "--train-days", "8")
    assert shown.exit_code == 0
    assert "precision" in shown.stdout and "mean" in shown.stdout and "inf" not in shown.stdout
    assert "…" not in shown.stdout, "it fits into 80 columns"


def test_more_folds_than_the_data_hold_are_one_clear_line():
    result = backtest("--folds", "9")
    assert result.exit_code == 2 and "9 folds are too many" in result.stderr


def test_more_train_days_than_there_are_are_one_clear_line():
    result = backtest("--folds", "1", "--train-days", "100")
    assert result.exit_code == 2 and "100 are asked for" in result.stderr


def test_an_empty_lake_says_what_to_materialise(monkeypatch, tmp_path):
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    result = backtest()
    assert result.exit_code == 2 and "materialise transaction_features for some days" in result.stderr
