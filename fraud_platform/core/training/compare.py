"""Champion against challenger on the same transactions, paired by day."""

from dataclasses import dataclass, replace

import numpy as np
from sklearn.metrics import average_precision_score

from fraud_platform.core.arrays import Floats
from fraud_platform.core.training.dataset import DatedRows
from fraud_platform.core.training.review import review
from fraud_platform.core.training.student import margin

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
    champion, challenger, rows = champion[rows.open], challenger[rows.open], rows.judged

    def amounts(scores: Floats) -> Floats:
        return np.array([day.amount_stopped for day in review(scores, rows, alert_budget_per_day)])

    precision = replace(
        _paired(_daily_precision(champion, rows), _daily_precision(challenger, rows)),
        champion=float(average_precision_score(rows.labels, champion)),
        challenger=float(average_precision_score(rows.labels, challenger)),
    )
    return Comparison(precision, _paired(amounts(champion), amounts(challenger)))


def _daily_precision(scores: Floats, rows: DatedRows) -> Floats:
    days = [rows.days == day for day in np.unique(rows.days[rows.labels])]
    return np.array([average_precision_score(rows.labels[day], scores[day]) for day in days])


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
