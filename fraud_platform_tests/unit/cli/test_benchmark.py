"""`fraud benchmark` over generated files in the handbook's columns."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fraud_platform.cli.main import app
from fraud_platform.core.benchmark import handbook
from fraud_platform.core.training.params import Boosting
from fraud_platform_tests.support.handbook_transactions import transactions

FOLD, NEXT_FOLD = "2018-04-29", "2018-05-06"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """The transactions in two files."""
    path = tmp_path_factory.mktemp("handbook")
    frame = transactions()
    renamed = {
        "TRANSACTION_ID": frame["transaction_id"].str[1:].astype(int),
        "TX_DATETIME": frame["event_time_ms"].astype("datetime64[ms]"),
        "CUSTOMER_ID": frame["customer_id"].str[1:].astype(int),
        "TERMINAL_ID": frame["merchant_id"].str[1:].astype(int),
        "TX_AMOUNT": frame["amount"],
        "TX_FRAUD": frame["is_fraud"].astype(int),
    }
    columns = frame.assign(**renamed)[list(renamed)]
    columns[:4000].to_csv(path / "1.csv", index=False)
    columns[4000:].to_parquet(path / "2.parquet")
    return path


@pytest.fixture(autouse=True)
def few_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handbook, "BOOSTING", Boosting(rounds=20, learning_rate=0.1))
    monkeypatch.setenv("SMOTE_RATIO", "0.1")


def test_each_fold_is_measured_without_and_with_smote(folder: Path) -> None:
    arguments = ["--data", str(folder), "--fold", FOLD, "--extra-train-days", "7", "--json"]
    result = CliRunner().invoke(app, ["benchmark", "handbook", *arguments])
    folds = json.loads(result.stdout)["folds"]
    assert [(row["fold"], row["smote_ratio"]) for row in folds] == [(FOLD, 0.0), (FOLD, 0.1)]
    assert all(0 < row["average_precision"] <= 1 and row["frauds"] > 0 for row in folds)


def test_the_mean_over_folds_has_an_interval(folder: Path) -> None:
    arguments = ["--data", str(folder), "--fold", FOLD, "--fold", NEXT_FOLD, "--json"]
    told = json.loads(CliRunner().invoke(app, ["benchmark", "handbook", *arguments]).stdout)
    assert [row["smote_ratio"] for row in told["mean"]] == [0.0, 0.1]
    for row in told["mean"]:
        found = [fold["average_precision"] for fold in told["folds"] if fold["smote_ratio"] == row["smote_ratio"]]
        mean = row["average_precision"]
        assert mean["mean"] == pytest.approx(sum(found) / 2) and mean["low"] < mean["mean"] < mean["high"]


def test_the_table_ends_with_the_mean(folder: Path) -> None:
    arguments = ["--data", str(folder), "--fold", FOLD, "--fold", NEXT_FOLD]
    result = CliRunner().invoke(app, ["benchmark", "handbook", *arguments])
    assert result.exit_code == 0 and "no SMOTE" in result.stdout
    assert all(f"\n {line} " in result.stdout for line in ("mean", "from", "to"))
    assert "…" not in result.stdout, "it fits into 80 columns"


def test_a_folder_without_files_is_one_clear_line(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["benchmark", "handbook", "--data", str(tmp_path)])
    assert result.exit_code == 2 and "neither .parquet nor .csv" in result.stderr


def test_a_fold_that_the_data_do_not_reach_over_is_one_clear_line(folder: Path) -> None:
    result = CliRunner().invoke(app, ["benchmark", "handbook", "--data", str(folder), "--fold", "2018-09-01"])
    assert result.exit_code == 2 and "the data reach from" in result.stderr
