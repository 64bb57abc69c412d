"""`fraud benchmark`: detection quality on public data, under the protocol that its publishers use."""

import json
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fraud_platform.cli.fold_table import MEASURES, Folds, fold_means, fold_table
from fraud_platform.cli.terminal import progress_on_stderr, terminal

if TYPE_CHECKING:
    from fraud_platform.core.training.evaluate import Evaluation


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
    SMOTE and with SMOTE_RATIO. Test rows of customers known as compromised are left out. The
    last line is the mean over the folds with its 95 % interval.

    Examples:

    `fraud benchmark handbook --data transactions --extra-train-days 28`

    `fraud benchmark handbook --data transactions --fold 2018-05-23 --fold 2018-05-30 --json`
    """
    from fraud_platform.core.benchmark.features import labelled_rows
    from fraud_platform.core.benchmark.folds import DELAY_DAYS, PUBLISHED_FOLDS, WEEK_DAYS, Fold
    from fraud_platform.core.benchmark.handbook import CARDS_PER_DAY, evaluate_fold
    from fraud_platform.feeding.column_mapping import load_mapping
    from fraud_platform.feeding.labelled_file import read_folder
    from fraud_platform.project_root import PROJECT_ROOT
    from fraud_platform.settings import load_settings

    settings = load_settings()
    starts = [start.date() for start in fold or []] or PUBLISHED_FOLDS
    folds = [Fold(start, extra_train_days) for start in starts]
    results: list[dict[str, Any]] = []
    with progress_on_stderr().status(f"reading {data}") as status:
        transactions = read_folder(data, load_mapping(protocol, PROJECT_ROOT / "config" / "mappings"))
        status.update(f"features of {len(transactions):,} transactions")
        rows = labelled_rows(transactions, DELAY_DAYS)
        for ratio in dict.fromkeys((0.0, settings.smote_ratio)):
            for number, one in enumerate(folds, 1):
                status.update(f"fold {number} of {len(folds)}, {one.start}, SMOTE {ratio:g}")
                evaluation = evaluate_fold(rows, one, ratio, settings.seed)
                results.append({"smote_ratio": ratio, "fold": str(one.start), **_measures(evaluation)})
    if as_json:
        means = [{"smote_ratio": ratio, **fold_means(chosen)} for ratio, chosen in _by_ratio(results).items()]
        told = {"extra_train_days": extra_train_days, "seed": settings.seed, "folds": results, "mean": means}
        typer.echo(json.dumps(told, indent=2))
        return
    for ratio, chosen in _by_ratio(results).items():
        smote = f"SMOTE {ratio:g}" if ratio else "no SMOTE"
        title = f"{WEEK_DAYS + extra_train_days} days of training, {smote}, {CARDS_PER_DAY} cards a day"
        headings = {"fold": "fold", "transactions": "rows", "frauds": "frauds"}
        terminal().print(fold_table(title, chosen, headings))


def _measures(evaluation: "Evaluation") -> dict[str, float]:
    return {name: getattr(evaluation, name) for name in ("transactions", "frauds", *MEASURES)}


def _by_ratio(results: Folds) -> dict[float, Folds]:
    ratios = dict.fromkeys(row["smote_ratio"] for row in results)
    return {ratio: [row for row in results if row["smote_ratio"] == ratio] for ratio in ratios}
