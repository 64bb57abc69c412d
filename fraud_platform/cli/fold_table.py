"""What `fraud backtest` and `fraud benchmark` tell of their folds: a line each, and the means with their intervals."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table

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

Folds = Sequence[Mapping[str, Any]]
"""Of each fold every measure by name, and what else is told of it."""


def fold_means(folds: Folds) -> dict[str, dict[str, float | None]]:
    """Mean over folds of each measure and its interval, whose bounds are None with a single fold."""
    from fraud_platform.core.training.review import interval

    means = {name: asdict(interval([fold[name] for fold in folds])) for name in MEASURES}
    return {name: {k: v if math.isfinite(v) else None for k, v in mean.items()} for name, mean in means.items()}


def fold_table(title: str, folds: Folds, headings: Mapping[str, str]) -> "Table":
    """The table; headings: of what stands before the measures, first a fold's name, then counts."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(
        title=f"{title}; mean and its 95 % interval", show_footer=True, box=SIMPLE_HEAD, padding=0, pad_edge=False
    )
    name, *counts = headings
    table.add_column(headings[name], Text("mean\nfrom\nto" if len(folds) > 1 else "mean"), no_wrap=True)
    for count in counts:
        table.add_column(Text(headings[count]), justify="right", no_wrap=True)
    means = fold_means(folds)
    for measure, (heading, style) in MEASURES.items():
        numbers = (value for value in (means[measure][key] for key in ("mean", "low", "high")) if value is not None)
        footer = Text("\n".join(format(value, style) for value in numbers))
        table.add_column(Text(heading), footer, justify="right", no_wrap=True)
    for fold in folds:
        measures = (format(fold[measure], style) for measure, (_, style) in MEASURES.items())
        table.add_row(fold[name], *(f"{fold[count]:,.0f}" for count in counts), *measures)
    return table
