"""What a model is worth on rows that it has not seen: ranking, decisions at the threshold, calibration, day by day."""

from dataclasses import asdict, dataclass

import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score

from fraud_platform.core.arrays import Bools, Days, Floats, Ids
from fraud_platform.core.training.calibrate import expected_calibration_error, probability_ratio
from fraud_platform.core.training.dataset import DatedRows
from fraud_platform.core.training.threshold import Threshold


@dataclass(frozen=True)
class DayEvaluation:
    """One arrival day; average precision is None on a day without frauds."""

    day: str
    transactions: int
    frauds: int
    alerts: int
    average_precision: float | None


@dataclass(frozen=True)
class Evaluation:
    """Measures of one model on one split. Shares lie in [0, 1]."""

    transactions: int
    frauds: int
    average_precision: float
    roc_auc: float
    precision: float
    """Frauds among the alerts; 0 where there is no alert."""
    recall: float
    amount_recall: float
    """Share of the defrauded amount that lies in alerts."""
    alerts_per_day: float
    card_precision_at_budget: float
    brier: float
    expected_calibration_error: float
    probability_ratio: float
    by_day: tuple[DayEvaluation, ...]

    def metrics(self) -> dict[str, float]:
        """Every measure but the daily ones, by name, as MLflow logs them."""
        return {name: float(value) for name, value in asdict(self).items() if name != "by_day"}


def evaluate(probabilities: Floats, rows: DatedRows, threshold: Threshold) -> Evaluation:
    """Measures of calibrated probabilities (n,) on dated rows of both classes."""
    labels, alerts = rows.labels, probabilities >= threshold.value
    caught = alerts & labels
    alert_count, fraud_amount = int(alerts.sum()), rows.amounts[labels].sum()
    return Evaluation(
        transactions=len(labels),
        frauds=int(labels.sum()),
        average_precision=float(average_precision_score(labels, probabilities)),
        roc_auc=float(roc_auc_score(labels, probabilities)),
        precision=float(caught.sum() / alert_count) if alert_count else 0.0,
        recall=float(caught.sum() / labels.sum()),
        amount_recall=float(rows.amounts[caught].sum() / fraud_amount) if fraud_amount else 0.0,
        alerts_per_day=alert_count / rows.day_count,
        card_precision_at_budget=card_precision(
            probabilities, labels, rows.days, rows.customer_ids, threshold.alert_budget_per_day
        ),
        brier=float(np.mean((probabilities - labels) ** 2)),
        expected_calibration_error=expected_calibration_error(probabilities, labels),
        probability_ratio=probability_ratio(probabilities, labels),
        by_day=tuple(_evaluate_day(day, probabilities, alerts, rows) for day in np.unique(rows.days)),
    )


def card_precision(probabilities: Floats, labels: Bools, days: Days, customer_ids: Ids, cards_per_day: int) -> float:
    """Mean over days of the share of frauds' victims among the `cards_per_day` customers with the highest score.

    A customer found on one day is not looked at again (Le Borgne et al., Fraud Detection Handbook, chapter 4.4).
    """
    found: set[object] = set()
    daily = []
    for day in np.unique(days):
        on_day = np.flatnonzero(days == day)
        on_day = on_day[[customer not in found for customer in customer_ids[on_day]]]
        ranked = on_day[np.argsort(-probabilities[on_day], kind="stable")]
        _, first = np.unique(customer_ids[ranked], return_index=True)
        looked_at = customer_ids[ranked[np.sort(first)[:cards_per_day]]]
        hits = set(looked_at) & set(customer_ids[on_day[labels[on_day]]])
        found |= hits
        daily.append(len(hits) / cards_per_day)
    return float(np.mean(daily))


def _evaluate_day(day: np.datetime64, probabilities: Floats, alerts: Bools, rows: DatedRows) -> DayEvaluation:
    on_day = rows.days == day
    labels = rows.labels[on_day]
    frauds = int(labels.sum())
    precision = float(average_precision_score(labels, probabilities[on_day])) if frauds else None
    return DayEvaluation(str(day), len(labels), frauds, int(alerts[on_day].sum()), precision)
