"""What a team gets that looks at the k most suspicious cards of each day: hits, money, and how sure that is."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from fraud_platform.core.arrays import Floats
from fraud_platform.core.training.confidence import margin
from fraud_platform.core.training.dataset import DatedRows

CONFIDENCE = 0.95


@dataclass(frozen=True)
class ReviewDay:
    """One arrival day of reviewing."""

    day: str
    cards: int
    """Cards that may be looked at."""
    compromised: int
    """Cards with a fraud on the day, without those that were caught on an earlier one."""
    caught: int
    """Those of them that were looked at."""
    amount_stopped: float
    """Frauds of the day on the caught cards, in currency."""

    @property
    def card_precision(self) -> float:
        """Share of the looks that found a compromised card."""
        return self.caught / self.cards

    @property
    def recall(self) -> float | None:
        """Share of the compromised cards that were caught; None where there was none."""
        return self.caught / self.compromised if self.compromised else None


@dataclass(frozen=True)
class Interval:
    """Mean over days and the bounds that hold the true mean in 95 of 100 cases, days being independent."""

    mean: float
    low: float
    high: float
    days: int

    def __str__(self) -> str:
        return f"{self.mean:,.3f} ({self.low:,.3f} to {self.high:,.3f})"


def review(probabilities: Floats, rows: DatedRows, cards_per_day: int) -> list[ReviewDay]:
    """Each day in turn: look at the cards with the highest probabilities (n,), block those that prove compromised.

    A card counts with its most suspicious transaction of the day, and once caught it is not
    looked at again (Le Borgne et al., Fraud Detection Handbook, chapter 4.4).
    """
    customers, names = pd.factorize(rows.customer_ids)
    caught = np.zeros(len(names), bool)
    days = []
    for day in np.unique(rows.days):
        open_rows = np.flatnonzero((rows.days == day) & ~caught[customers])
        looked_at = _most_suspicious(customers[open_rows], probabilities[open_rows], cards_per_day)
        frauds = open_rows[rows.labels[open_rows]]
        compromised = np.unique(customers[frauds])
        found = np.intersect1d(looked_at, compromised)
        caught[found] = True
        stopped = float(rows.amounts[frauds][caught[customers[frauds]]].sum())
        days.append(ReviewDay(str(day), cards_per_day, len(compromised), len(found), stopped))
    return days


def recall(days: Sequence[ReviewDay]) -> float:
    """Share of all compromised cards that were caught; a card missed on two days counts as two. 0 where none was."""
    compromised = sum(day.compromised for day in days)
    return sum(day.caught for day in days) / compromised if compromised else 0.0


def interval(daily: Sequence[float | None]) -> Interval:
    """Student's t interval of the mean of daily values, days without one left out: endless with one, nan with none."""
    values = np.array([value for value in daily if value is not None], float)
    mean = float(values.mean()) if len(values) else float("nan")
    half = margin(values, (1 + CONFIDENCE) / 2)
    return Interval(mean, mean - half, mean + half, len(values))


def _most_suspicious(customers: np.ndarray, probabilities: Floats, count: int) -> np.ndarray:
    """The `count` customers with the highest probability; of equal ones those whose row came first."""
    ranked = customers[np.argsort(-probabilities, kind="stable")]
    _, first = np.unique(ranked, return_index=True)
    return ranked[np.sort(first)[:count]]
