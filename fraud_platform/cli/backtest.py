"""`fraud backtest`: what training every week would have been worth, week by week."""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from fraud_platform.core.training.evaluate import Evaluation
    from fraud_platform.core.training.split import TimeSplit

MEASURES = {
    "average_precision": ("AP", ".3f"),
    "roc_auc": ("AUC", ".3f"),
    "card_precision_at_budget": ("card\nprecision", ".3f"),
    "recall_at_budget": ("recall", ".3f"),
    "amount_stopped_per_day": ("stopped\na day", ",.0f"),
    "probability_ratio": ("sum(p)/\nfrauds", ".3f"),
    "expected_calibration_error": ("ECE", ".4f"),
}
"""Heading and format of each measure that the table has room for in 80 columns."""


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
    from rich.console import Console

    from fraud_platform.core.training.backtest import backtest_splits, run_fold
    from fraud_platform.core.training.params import TrainingParams
    from fraud_platform.settings import load_settings
    from fraud_platform.storage.feature_rows import read_feature_rows
    from fraud_platform.storage.lake import Lake

    settings = load_settings()
    params = TrainingParams.of(settings, references=False, search_trials=0)
    results: list[dict[str, Any]] = []
    with Console(stderr=True).status("reading features/transactions") as status:
        rows = read_feature_rows(Lake(settings), params.card_blocked_days)
        first, newest = rows.days.min().item(), rows.days.max().item()
        splits = backtest_splits(first, newest + timedelta(days=1), folds, train_days, params)
        for number, split in enumerate(splits, 1):
            status.update(f"fold {number} of {folds}: test from {split.test.start}, train on {split.train.days} days")
            results.append(_result(split, run_fold(rows, split, params)))
    if as_json:
        typer.echo(json.dumps({"seed": params.seed, "folds": results, "mean": _means(results)}, indent=2))
    else:
        _show(results, params.alert_budget_per_day)


def _result(split: "TimeSplit", evaluation: "Evaluation") -> dict[str, Any]:
    return {
        "as_of": str(split.test.labels_known_by),
        "train_days": split.train.days,
        "test_from": str(split.test.start),
        "test_to": str(split.test.end - timedelta(days=1)),
        **evaluation.metrics(),
    }


def _means(results: Sequence[dict[str, Any]]) -> dict[str, dict[str, float | None]]:
    """Mean over folds of each measure and its interval, whose bounds are None with a single fold."""
    from fraud_platform.core.training.review import interval

    means = {name: asdict(interval([row[name] for row in results])) for name in MEASURES}
    return {name: {k: v if math.isfinite(v) else None for k, v in mean.items()} for name, mean in means.items()}


def _show(results: Sequence[dict[str, Any]], cards_per_day: int) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    title = f"{len(results)} folds, {cards_per_day} cards a day; mean and its 95 % interval"
    table = Table(title=title, show_footer=True, box=SIMPLE_HEAD, padding=0, pad_edge=False)
    means = _means(results)
    table.add_column("test from", "mean\nfrom\nto" if len(results) > 1 else "mean", no_wrap=True)
    for heading in ("train\ndays", "frauds"):
        table.add_column(heading, justify="right", no_wrap=True)
    for name, (heading, style) in MEASURES.items():
        numbers = (value for value in (means[name][key] for key in ("mean", "low", "high")) if value is not None)
        table.add_column(heading, "\n".join(format(value, style) for value in numbers), justify="right", no_wrap=True)
    for row in results:
        measures = (format(row[name], style) for name, (_, style) in MEASURES.items())
        table.add_row(row["test_from"], str(row["train_days"]), f"{row['frauds']:,.0f}", *measures)
    Console(highlight=False).print(table)
