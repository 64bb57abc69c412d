"""`fraud benchmark sparkov` over generated files in Sparkov's columns."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fraud_platform.cli.main import app
from fraud_platform.core.benchmark import months
from fraud_platform.core.training.params import Boosting
from fraud_platform_tests.support.sparkov_transactions import sparkov_transactions


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """The transactions in two files, neither in the order of time."""
    path, frame = tmp_path_factory.mktemp("sparkov"), sparkov_transactions()
    frame[:2000].to_parquet(path / "1.parquet")
    frame[2000:].to_parquet(path / "2.parquet")
    return path


@pytest.fixture(autouse=True)
def few_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(months, "BOOSTING", Boosting(rounds=30, learning_rate=0.1))


def benchmark(*arguments: str):
    return CliRunner().invoke(app, ["benchmark", "sparkov", *arguments])


def test_the_last_month_is_judged_by_a_model_of_those_before(folder):
    told = json.loads(benchmark("--data", str(folder), "--json").stdout)
    assert told["train"] == ["2026-01-01", "2026-01-31"]
    assert told["validation"] == ["2026-02-01", "2026-02-28"]
    assert told["test"] == ["2026-03-01", "2026-03-31"]
    assert told["test_rows"]["frauds"] > 50
    assert 0.9 < told["mean"]["average_precision"] <= 1, "a large amount at night tells these frauds"
    assert {"amount", "is_night"} & set(told["named_in_reasons"])


def test_the_same_seed_gives_the_same_figures(folder):
    first, again = (json.loads(benchmark("--data", str(folder), "--json").stdout) for _ in range(2))
    assert first == again


def test_the_table_names_the_month_and_the_reasons(folder):
    result = benchmark("--data", str(folder))
    assert result.exit_code == 0
    assert "March 2026" in result.stdout and "named among the reasons of alerts: " in result.stdout


def test_folds_are_the_handbooks(folder):
    result = benchmark("--data", str(folder), "--extra-train-days", "7")
    assert result.exit_code == 2 and "sparkov is measured by month" in result.stderr


def test_what_is_no_such_folder_is_one_clear_line(tmp_path):
    result = benchmark("--data", str(tmp_path))
    assert result.exit_code == 2 and "has neither .parquet nor .csv files" in result.stderr
    sparkov_transactions().drop(columns=["amt", "merch_lat"]).to_parquet(tmp_path / "1.parquet")
    result = benchmark("--data", str(tmp_path))
    assert result.exit_code == 2 and "has no column amt, merch_lat that declaration sparkov names" in result.stderr


def test_two_months_are_too_few(tmp_path):
    sparkov_transactions(days=50).to_parquet(tmp_path / "1.parquet")
    result = benchmark("--data", str(tmp_path))
    assert result.exit_code == 2 and "lie in 2 calendar months (2026-01-01 to 2026-02-19)" in result.stderr
