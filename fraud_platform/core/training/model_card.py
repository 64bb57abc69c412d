"""The model card: what a version is, what it was made from, what it is worth and where it ends. Markdown.

Source of the idea: Mitchell et al. 2019, Model Cards for Model Reporting.
"""

from collections.abc import Iterable, Mapping, Sequence

from fraud_platform.core.model_bundle import BundleCard
from fraud_platform.core.training.evaluate import Evaluation

MEANINGS = {
    "transactions": "transactions of cards that were not blocked",
    "frauds": "frauds among them, as reported by the end of the label delay",
    "average_precision": "mean precision over all recalls; chance gives the fraud rate",
    "roc_auc": "chance that a fraud is ranked above a legitimate transaction",
    "precision": "frauds among the alerts",
    "recall": "frauds that are alerts",
    "amount_recall": "defrauded amount that lies in alerts",
    "alerts_per_day": "alerts a day",
    "card_precision_at_budget": "compromised cards among those looked at, as many a day as the budget",
    "recall_at_budget": "compromised cards that are looked at",
    "amount_stopped_per_day": "frauds of the day on the cards that are caught, in currency",
    "brier": "mean squared error of the probabilities, of all transactions",
    "expected_calibration_error": "mean gap between probability and fraud rate in ten bins, of all transactions",
    "probability_ratio": "sum of the probabilities over the frauds, of all transactions",
}
"""Measure of an Evaluation → its meaning in a line."""
COUNTS = ("transactions", "frauds")
COMPARED = (
    "average_precision",
    "roc_auc",
    "card_precision_at_budget",
    "recall_at_budget",
    "amount_stopped_per_day",
    "expected_calibration_error",
    "probability_ratio",
)
LIMITS = """\
- Labels are fraud reports. A fraud that nobody reported within the label delay counts as legitimate.
- Amount stopped takes a day's review as done before the day's frauds: it compares models, it is no forecast of savings.
- Intervals take days as independent of each other; a campaign that lasts several days makes them too narrow.
- A customer's first transactions have little history behind them, and their scores say less."""


def model_card(
    card: BundleCard,
    test: Evaluation,
    compared: Mapping[str, Evaluation],
    importance: Mapping[str, float],
    parameters: Mapping[str, object],
) -> str:
    """The card of a model: its measures on test, those of its baselines on the same rows, and feature importance."""
    return "\n\n".join(
        [
            f"# {card.model_name}",
            f"Gradient boosting (CatBoost) over {len(card.features)} features of card transactions. Its output is the "
            f"probability of fraud, calibrated by {card.calibration_method}. A transaction is an alert from "
            f"{card.threshold:.6f} on, which was chosen on validation by the {card.threshold_chosen_by}, "
            f"where {card.alert_budget_per_day} cards can be looked at a day. Each alert carries its strongest "
            "features in words.",
            "## Data",
            _data(card),
            "## Measures",
            _measures(card.metrics, test),
            "## By day",
            _by_day(test),
            "## On the same rows",
            comparison_table(compared),
            "## Strongest features",
            _importance(importance),
            "## Parameters",
            _table(("parameter", "value"), [(name, str(value)) for name, value in parameters.items()]),
            "## Limits",
            LIMITS,
        ]
    )


def comparison_table(compared: Mapping[str, Evaluation]) -> str:
    """Markdown: a row for each model, all judged on the same rows."""
    rows = [(name, *(f"{getattr(evaluation, key):,.4f}" for key in COMPARED)) for name, evaluation in compared.items()]
    return _table(("model", *(name.replace("_", " ") for name in COMPARED)), rows)


def _data(card: BundleCard) -> str:
    splits = card.snapshot.get("splits", {})
    rows = [
        (
            name,
            part["first_day"],
            part["end_day"],
            f"{part['transactions']:,}",
            f"{part['blocked']:,}",
            f"{part['frauds']:,}",
            str(part["offsets"]),
        )
        for name, part in splits.items()
    ]
    origin = {
        "as of": card.snapshot.get("as_of", ""),
        "feature set": card.feature_set,
        "seed": card.seed,
        "table versions": card.snapshot.get("table_versions", {}),
        "libraries": card.libraries,
    }
    listed = "\n".join(f"- {name}: {value}" for name, value in origin.items())
    headings = ("split", "from", "to before", "transactions", "of blocked cards", "frauds", "offsets")
    return f"{_table(headings, rows)}\n\n{listed}"


def _measures(metrics: Mapping[str, float], test: Evaluation) -> str:
    """Validation is optimistic: early stopping, calibration and threshold have seen it."""
    intervals = test.intervals()
    rows = []
    for name, meaning in MEANINGS.items():
        by_day = str(intervals[name]) if name in intervals else ""
        decimals = 0 if name in COUNTS else 4
        values = (f"{metrics[f'{split}_{name}']:,.{decimals}f}" for split in ("test", "validation"))
        rows.append((f"`{name}`", *values, by_day, meaning))
    return _table(("measure", "test", "validation", "mean over test days (95 %)", "meaning"), rows)


def _by_day(test: Evaluation) -> str:
    rows = [
        (
            day.day,
            f"{day.transactions:,}",
            f"{day.frauds:,}",
            f"{day.alerts:,}",
            _or_none(day.average_precision),
            f"{day.card_precision_at_budget:.3f}",
            _or_none(day.recall_at_budget),
            f"{day.amount_stopped:,.2f}",
        )
        for day in test.by_day
    ]
    headings = ("day", "transactions", "frauds", "alerts", "average precision", "card precision", "recall", "stopped")
    return _table(headings, rows)


def _importance(importance: Mapping[str, float], top: int = 10) -> str:
    strongest = sorted(importance.items(), key=lambda item: -item[1])[:top]
    return _table(("feature", "importance, %"), [(f"`{name}`", f"{value:.1f}") for name, value in strongest])


def _or_none(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
