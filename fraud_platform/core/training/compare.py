"""Champion against challenger on the same transactions, paired by day."""

from dataclasses import dataclass, replace

import numpy as np
from sklearn.metrics import average_precision_score

from fraud_platform.core.arrays import Floats
from fraud_platform.core.ranking import Ranking
from fraud_platform.core.training.confidence import margin
from fraud_platform.core.training.dataset import DatedRows
from fraud_platform.core.training.review import review

CONFIDENCE = 0.95
"""Of each one-sided verdict: one challenger in twenty that is no better is taken for better."""


@dataclass(frozen=True)
class Paired:
    """One measure of both models, and how its difference varies from day to day."""

    champion: float
    challenger: float
    mean_difference: float
    """Challenger minus champion, mean over the days."""
    margin: float
    """What chance may add to that mean: Student's t at CONFIDENCE times the standard error; infinite below two days."""
    days: int

    @property
    def better(self) -> bool:
        """Whether the challenger is better, on all rows and by more than the days vary."""
        return self.challenger > self.champion and self.mean_difference > self.margin

    @property
    def worse(self) -> bool:
        """Whether the challenger is worse by more than the days vary."""
        return self.challenger < self.champion and -self.mean_difference > self.margin

    def __str__(self) -> str:
        return (
            f"challenger {self.challenger:,.4g}, champion {self.champion:,.4g}; by day {self.mean_difference:+,.4g} "
            f"± {self.margin:,.4g} over {self.days} days"
        )


@dataclass(frozen=True)
class Comparison:
    """What decides between two models."""

    average_precision: Paired
    """Over all rows; differences over the days with frauds."""
    amount_saved: Paired
    """A day, by the review of as many cards as the alert budget allows."""

    @property
    def challenger_wins(self) -> bool:
        """Whether the challenger ranks better beyond the day-to-day noise, and does not save less beyond it."""
        return self.average_precision.better and not self.amount_saved.worse

    def __str__(self) -> str:
        return f"average precision: {self.average_precision}; saved a day: {self.amount_saved}"


def compare(champion: Floats, challenger: Floats, rows: DatedRows, alert_budget_per_day: int) -> Comparison:
    """Compare two models' probabilities (n,) of the same rows, of which the open ones count; among them are frauds."""
    precision = compare_rankings(ranking(champion, rows), ranking(challenger, rows))
    open_rows, judged = rows.open, rows.judged

    def amounts(scores: Floats) -> Floats:
        return np.array([day.amount_stopped for day in review(scores[open_rows], judged, alert_budget_per_day)])

    return Comparison(precision, _paired(amounts(champion), amounts(challenger)))


def compare_rankings(reference: Ranking, model: Ranking) -> Paired:
    """Average precision of two models on the same rows, paired by day; the reference has the champion's place."""
    days = [pair for pair in zip(reference.by_day, model.by_day, strict=True) if None not in pair]
    by_day = np.array(days, float).reshape(-1, 2)
    overall = _paired(by_day[:, 0], by_day[:, 1])
    return replace(overall, champion=reference.average_precision, challenger=model.average_precision)


def ranking(scores: Floats, rows: DatedRows) -> Ranking:
    """Of scores (n,), which need be no probabilities, on the open rows, among which are frauds."""
    scores, rows = scores[rows.open], rows.judged
    by_day = [
        float(average_precision_score(rows.labels[day], scores[day])) if rows.labels[day].any() else None
        for day in (rows.days == day for day in np.unique(rows.days))
    ]
    return Ranking(float(average_precision_score(rows.labels, scores)), by_day)


def _paired(champion: Floats, challenger: Floats) -> Paired:
    """Of daily values (days,)."""
    differences = challenger - champion
    return Paired(
        champion=float(champion.mean()),
        challenger=float(challenger.mean()),
        mean_difference=float(differences.mean()),
        margin=margin(differences, CONFIDENCE),
        days=len(differences),
    )
