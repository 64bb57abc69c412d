"""`fraud backtest`: what training every week would have been worth, week by week."""

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fraud_platform.cli.fold_table import fold_means, fold_table
from fraud_platform.cli.terminal import progress_on_stderr, terminal

if TYPE_CHECKING:
    from fraud_platform.core.training.evaluate import Evaluation
    from fraud_platform.core.training.split import TimeSplit


def backtest(
    folds: Annotated[int, typer.Option(min=1, help="Successive test ranges of TEST_DAYS days, up to the newest.")] = 4,
    train_days: Annotated[int | None, typer.Option(min=1, help="Days to train on. Default: all before.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Train and test over successive weeks of the lake's features, each time with the labels known by then.

    A fold is what a training run on its day would have done: LABEL_DELAY_DAYS between
    training, VALIDATION_DAYS and TEST_DAYS, SMOTE_RATIO, EPOCHS, CARD_BLOCKED_DAYS and
    ALERT_BUDGET_PER_DAY as set. Nothing is registered. The last line is the mean over the folds with its 95 %
    interval.

    Examples: `fraud backtest`, `fraud backtest --folds 6 --train-days 28 --json`
    """
    from fraud_platform.core.training.backtest import backtest_splits, run_fold
    from fraud_platform.core.training.params import TrainingParams
    from fraud_platform.pipeline.feature_rows import read_feature_rows
    from fraud_platform.settings import load_settings
    from fraud_platform.storage.lake import Lake

    settings = load_settings()
    params = TrainingParams.of(settings, references=False, search_trials=0)
    results: list[dict[str, Any]] = []
    with progress_on_stderr().status("reading features/transactions") as status:
        rows = read_feature_rows(Lake(settings), params.card_blocked_days)
        first, newest = rows.days.min().item(), rows.days.max().item()
        splits = backtest_splits(first, newest + timedelta(days=1), folds, train_days, params)
        for number, split in enumerate(splits, 1):
            status.update(f"fold {number} of {folds}: test from {split.test.start}, train on {split.train.days} days")
            results.append(_result(split, run_fold(rows, split, params)))
    if as_json:
        typer.echo(json.dumps({"seed": params.seed, "folds": results, "mean": fold_means(results)}, indent=2))
    else:
        title = f"{folds} folds, {params.alert_budget_per_day} cards a day"
        headings = {"test_from": "test from", "train_days": "train\ndays", "frauds": "frauds"}
        terminal().print(fold_table(title, results, headings))


def _result(split: "TimeSplit", evaluation: "Evaluation") -> dict[str, Any]:
    return {
        "as_of": str(split.test.labels_known_by),
        "train_days": split.train.days,
        "test_from": str(split.test.start),
        "test_to": str(split.test.end - timedelta(days=1)),
        **evaluation.metrics(),
    }
