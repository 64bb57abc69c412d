"""`fraud benchmark`: detection quality on public data, under a protocol that anybody can repeat."""

import json
from dataclasses import asdict
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fraud_platform.cli.fold_table import MEASURES, Folds, fold_means, fold_table
from fraud_platform.cli.terminal import progress_on_stderr, terminal
from fraud_platform.errors import ConfigurationError

if TYPE_CHECKING:
    from fraud_platform.core.training.evaluate import Evaluation

MERCHANT = "terminal_id"
"""The handbook's field whose values have runs of frauds."""
NAMED_IN_REASONS = 0.1
"""Features that at least this share of the alerts names are listed."""


class Protocol(StrEnum):
    handbook = "handbook"
    sparkov = "sparkov"


def benchmark(
    protocol: Annotated[
        Protocol,
        typer.Argument(
            help="handbook: the Fraud Detection Handbook's folds. sparkov: by month, of Sparkov's generator."
        ),
    ],
    data: Annotated[Path, typer.Option(file_okay=False, exists=True, help="Folder of Parquet or CSV files.")],
    fold: Annotated[
        list[datetime] | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            help="First day of a train week, for handbook; repeat it. Default: four of June and July.",
        ),
    ] = None,
    extra_train_days: Annotated[
        int, typer.Option(min=0, help="Days of training before the train week, for handbook.")
    ] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Train on the past and test on the future, as features and labels were known then.

    handbook: weekly folds, 7 days to train, 7 until labels are known, 7 to test. Columns are
    those of config/declarations/handbook.yaml. Each fold is measured without SMOTE and with
    SMOTE_RATIO. Test rows of customers known as compromised are left out. The last line is
    the mean over the folds with its 95 % interval.

    sparkov: all months but the last two train, the last but one validates, the last one tests.
    Fields and features are those of config/declarations/sparkov.yaml.

    Examples:

    `fraud benchmark handbook --data transactions --extra-train-days 28`

    `fraud benchmark handbook --data transactions --fold 2018-05-23 --fold 2018-05-30 --json`

    `fraud benchmark sparkov --data transactions --json`
    """
    if protocol is not Protocol.handbook:
        if fold or extra_train_days:
            raise ConfigurationError(f"{protocol} is measured by month: leave --fold and --extra-train-days out")
        _by_month(protocol, data, as_json=as_json)
        return
    _by_fold(protocol, data, fold or [], extra_train_days, as_json=as_json)


def _by_fold(protocol: str, data: Path, fold: list[datetime], extra_train_days: int, *, as_json: bool) -> None:
    from fraud_platform.core.benchmark.features import labelled_rows
    from fraud_platform.core.benchmark.folds import DELAY_DAYS, PUBLISHED_FOLDS, WEEK_DAYS, Fold
    from fraud_platform.core.benchmark.handbook import CARDS_PER_DAY, evaluate_fold
    from fraud_platform.core.declaration.reading import read_declaration
    from fraud_platform.feeding.declared_file import read_declared
    from fraud_platform.settings import load_settings
    from fraud_platform.shipped_declarations import shipped_declaration

    settings = load_settings()
    declaration = read_declaration(shipped_declaration(protocol), f"{protocol}.yaml")
    folds = [Fold(start, extra_train_days) for start in [day.date() for day in fold] or PUBLISHED_FOLDS]
    results: list[dict[str, Any]] = []
    with progress_on_stderr().status(f"reading {data}") as status:
        transactions = read_declared(data, declaration)
        status.update(f"features of {len(transactions):,} transactions")
        rows = labelled_rows(declaration, MERCHANT, transactions, DELAY_DAYS)
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


def _by_month(protocol: str, data: Path, *, as_json: bool) -> None:
    from fraud_platform.core.benchmark.months import ALERTS_PER_DAY, declared_rows, evaluate_months
    from fraud_platform.core.declaration.reading import read_declaration
    from fraud_platform.feeding.declared_file import read_declared
    from fraud_platform.settings import load_settings
    from fraud_platform.shipped_declarations import shipped_declaration

    settings = load_settings()
    declaration = read_declaration(shipped_declaration(protocol), f"{protocol}.yaml")
    with progress_on_stderr().status(f"reading {data}") as status:
        transactions = read_declared(data, declaration)
        status.update(f"{len(declaration.features)} features of {len(transactions):,} transactions")
        rows = declared_rows(declaration, transactions, settings.label_delay_days)
        status.update(f"fitting on the months before {rows.days.max()}")
        outcome = evaluate_months(declaration, rows, settings.seed)
    measures = _measures(outcome.evaluation)
    named = {name: share for name, share in outcome.named_in_reasons.items() if share >= NAMED_IN_REASONS}
    if as_json:
        periods = {name: [str(day) for day in days] for name, days in asdict(outcome.periods).items()}
        mean = {name: measures[name] for name in MEASURES}
        told = {"seed": settings.seed, **periods, "test_rows": measures, "mean": mean, "named_in_reasons": named}
        typer.echo(json.dumps(told, indent=2))
        return
    row = {"test": f"{outcome.periods.test[0]:%B %Y}", **measures}
    headings = {"test": "test", "transactions": "rows", "frauds": "frauds"}
    terminal().print(fold_table(f"{protocol}, {ALERTS_PER_DAY} alerts a day", [row], headings))
    reasons = ", ".join(f"{name} {share:.0%}" for name, share in sorted(named.items(), key=lambda item: -item[1]))
    terminal().print(f"named among the reasons of alerts: {reasons or 'none'}")


def _measures(evaluation: "Evaluation") -> dict[str, float]:
    return {name: getattr(evaluation, name) for name in ("transactions", "frauds", *MEASURES)}


def _by_ratio(results: Folds) -> dict[float, Folds]:
    ratios = dict.fromkeys(row["smote_ratio"] for row in results)
    return {ratio: [row for row in results if row["smote_ratio"] == ratio] for ratio in ratios}
