"""`fraud benchmark`: detection quality on public data, under the protocol that its publishers use."""

import json
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from fraud_platform.core.training.evaluate import Evaluation

PUBLISHED_FOLDS = [datetime(2018, 6, 20), datetime(2018, 6, 27), datetime(2018, 7, 4), datetime(2018, 7, 11)]
"""Starts of the handbook's validation folds."""
MEASURES = {
    "average_precision": "AP",
    "roc_auc": "AUC",
    "card_precision_at_budget": "CP@100",
    "probability_ratio": "sum(p)/\nfrauds",
    "expected_calibration_error": "ECE",
}


class Protocol(StrEnum):
    handbook = "handbook"


def benchmark(
    protocol: Annotated[Protocol, typer.Argument(help="handbook: the Fraud Detection Handbook's folds.")],
    data: Annotated[Path, typer.Option(file_okay=False, exists=True, help="Folder of Parquet or CSV files.")],
    fold: Annotated[
        list[datetime] | None,
        typer.Option(
            formats=["%Y-%m-%d"], help="First day of a train week; repeat it. Default: four of June and July."
        ),
    ] = None,
    extra_train_days: Annotated[int, typer.Option(min=0, help="Days of training before the train week.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Train and test over weekly folds: 7 days to train, 7 until labels are known, 7 to test.

    Columns are read through config/mappings/handbook.yaml. Each fold is measured without
    SMOTE and with SMOTE_RATIO. Test rows of customers known as compromised are left out.

    Examples:

    `fraud benchmark handbook --data transactions --extra-train-days 28`

    `fraud benchmark handbook --data transactions --fold 2018-05-23 --fold 2018-05-30 --json`
    """
    from rich.console import Console

    from fraud_platform.core.benchmark.features import labelled_rows
    from fraud_platform.core.benchmark.folds import DELAY_DAYS, Fold
    from fraud_platform.core.benchmark.handbook import evaluate_fold
    from fraud_platform.settings import PROJECT_ROOT, load_settings
    from fraud_platform.storage.column_mapping import load_mapping
    from fraud_platform.storage.labelled_folder import read_folder

    settings = load_settings()
    folds = [Fold(start.date(), extra_train_days) for start in fold or PUBLISHED_FOLDS]
    results: list[dict[str, Any]] = []
    with Console(stderr=True).status(f"reading {data}") as status:
        transactions = read_folder(data, load_mapping(protocol, PROJECT_ROOT / "config" / "mappings"))
        status.update(f"features of {len(transactions):,} transactions")
        rows = labelled_rows(transactions, DELAY_DAYS)
        for ratio in dict.fromkeys((0.0, settings.smote_ratio)):
            for number, one in enumerate(folds, 1):
                status.update(f"fold {number} of {len(folds)}, {one.start}, SMOTE {ratio:g}")
                evaluation = evaluate_fold(rows, one, ratio, settings.seed)
                results.append({"smote_ratio": ratio, "fold": str(one.start), **_measures(evaluation)})
    if as_json:
        typer.echo(
            json.dumps({"extra_train_days": extra_train_days, "seed": settings.seed, "folds": results}, indent=2)
        )
    else:
        _show(results, extra_train_days)


def _measures(evaluation: "Evaluation") -> dict[str, float]:
    counts = {"transactions": evaluation.transactions, "frauds": evaluation.frauds}
    return counts | {name: getattr(evaluation, name) for name in MEASURES}


def _show(results: Sequence[dict[str, Any]], extra_train_days: int) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    for ratio in dict.fromkeys(row["smote_ratio"] for row in results):
        chosen = [row for row in results if row["smote_ratio"] == ratio]
        title = f"{7 + extra_train_days} days of training, {f'SMOTE {ratio:g}' if ratio else 'no SMOTE'}"
        table = Table(title=title, show_footer=True, box=SIMPLE_HEAD, padding=0, pad_edge=False)
        table.add_column("fold", "mean", no_wrap=True)
        for heading in ("transactions", "frauds"):
            table.add_column(heading, justify="right", no_wrap=True)
        for name, heading in MEASURES.items():
            table.add_column(heading, f"{mean(row[name] for row in chosen):.4f}", justify="right", no_wrap=True)
        for row in chosen:
            values = (f"{row[name]:.4f}" for name in MEASURES)
            table.add_row(row["fold"], f"{row['transactions']:,}", f"{row['frauds']:,}", *values)
        Console(highlight=False).print(table)
