"""What a model is worth on rows that it has not seen: ranking, decisions at the threshold, calibration, day by day."""

from dataclasses import asdict, dataclass

import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score

from fraud_platform.core.arrays import Bools, Floats
from fraud_platform.core.ranking import Ranking
from fraud_platform.core.training import review
from fraud_platform.core.training.calibrate import expected_calibration_error, probability_ratio
from fraud_platform.core.training.dataset import DatedRows
from fraud_platform.core.training.review import Interval, ReviewDay, interval
from fraud_platform.core.training.threshold import Threshold


@dataclass(frozen=True)
class DayEvaluation:
    """One arrival day, without blocked cards; average precision and recall are None on a day without frauds."""

    day: str
    transactions: int
    frauds: int
    alerts: int
    average_precision: float | None
    card_precision_at_budget: float
    recall_at_budget: float | None
    amount_stopped: float


@dataclass(frozen=True)
class Evaluation:
    """Measures of one model on one split: of probabilities on all rows, of all else on cards that were not blocked.

    Shares lie in [0, 1].
    """

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
    """Share of compromised cards among those looked at, as many a day as the alert budget; mean over days."""
    recall_at_budget: float
    """Share of the compromised cards that are looked at."""
    amount_stopped_per_day: float
    """Frauds, in currency, on the compromised cards that are looked at, on that day."""
    brier: float
    expected_calibration_error: float
    probability_ratio: float
    by_day: tuple[DayEvaluation, ...]

    def metrics(self) -> dict[str, float]:
        """Every measure but the daily ones, by name, as MLflow logs them."""
        return {name: float(value) for name, value in asdict(self).items() if name != "by_day"}

    def ranking(self) -> Ranking:
        return Ranking(self.average_precision, [day.average_precision for day in self.by_day])

    def intervals(self) -> dict[str, Interval]:
        """The measures that a day has of its own, as a mean over days with its 95 % interval."""
        return {
            "average_precision": interval([day.average_precision for day in self.by_day]),
            "card_precision_at_budget": interval([day.card_precision_at_budget for day in self.by_day]),
            "recall_at_budget": interval([day.recall_at_budget for day in self.by_day]),
            "amount_stopped_per_day": interval([day.amount_stopped for day in self.by_day]),
        }


def evaluate(probabilities: Floats, rows: DatedRows, threshold: Threshold) -> Evaluation:
    """Measures of calibrated probabilities (n,) on dated rows of both classes: of the probabilities on all, of what
    they decide on the open ones.
    """
    calibrated = {
        "brier": float(np.mean((probabilities - rows.labels) ** 2)),
        "expected_calibration_error": expected_calibration_error(probabilities, rows.labels),
        "probability_ratio": probability_ratio(probabilities, rows.labels),
    }
    probabilities, rows = probabilities[rows.open], rows.judged
    labels, alerts = rows.labels, probabilities >= threshold.value
    caught = alerts & labels
    alert_count, fraud_amount = int(alerts.sum()), rows.amounts[labels].sum()
    reviewed = review.review(probabilities, rows, threshold.alert_budget_per_day)
    return Evaluation(
        transactions=len(labels),
        frauds=int(labels.sum()),
        average_precision=float(average_precision_score(labels, probabilities)),
        roc_auc=float(roc_auc_score(labels, probabilities)),
        precision=float(caught.sum() / alert_count) if alert_count else 0.0,
        recall=float(caught.sum() / labels.sum()),
        amount_recall=float(rows.amounts[caught].sum() / fraud_amount) if fraud_amount else 0.0,
        alerts_per_day=alert_count / rows.day_count,
        card_precision_at_budget=float(np.mean([day.card_precision for day in reviewed])),
        recall_at_budget=review.recall(reviewed),
        amount_stopped_per_day=float(np.mean([day.amount_stopped for day in reviewed])),
        **calibrated,
        by_day=tuple(_evaluate_day(day, probabilities, alerts, rows) for day in reviewed),
    )


def _evaluate_day(reviewed: ReviewDay, probabilities: Floats, alerts: Bools, rows: DatedRows) -> DayEvaluation:
    on_day = rows.days == np.datetime64(reviewed.day)
    labels = rows.labels[on_day]
    frauds = int(labels.sum())
    return DayEvaluation(
        day=reviewed.day,
        transactions=len(labels),
        frauds=frauds,
        alerts=int(alerts[on_day].sum()),
        average_precision=float(average_precision_score(labels, probabilities[on_day])) if frauds else None,
        card_precision_at_budget=reviewed.card_precision,
        recall_at_budget=reviewed.recall,
        amount_stopped=reviewed.amount_stopped,
    )
