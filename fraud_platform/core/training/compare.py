"""Champion against challenger on the same transactions."""

from dataclasses import dataclass

import numpy as np
from sklearn.metrics import average_precision_score

from fraud_platform.core.arrays import Bools, Days, Floats


@dataclass(frozen=True)
class Comparison:
    """Average precision of both over all rows, and how their difference varies from day to day."""

    champion: float
    challenger: float
    mean_daily_difference: float
    """Challenger minus champion, over the days with frauds; 0 where there is none."""
    standard_error: float | None
    """Of that mean; None with fewer than two days."""
    days: int

    @property
    def challenger_wins(self) -> bool:
        """Whether the challenger ranks the rows better than the champion."""
        return self.challenger > self.champion

    def __str__(self) -> str:
        spread = "" if self.standard_error is None else f" ± {self.standard_error:.4f}"
        return (
            f"challenger AP {self.challenger:.4f}, champion AP {self.champion:.4f}; "
            f"by day {self.mean_daily_difference:+.4f}{spread} over {self.days} days"
        )


def compare(champion: Floats, challenger: Floats, labels: Bools, days: Days) -> Comparison:
    """Compare two models' probabilities (n,) of the same rows with labels (n,) and arrival days (n,)."""
    differences = []
    for day in np.unique(days[labels]):
        on_day = days == day
        differences.append(
            average_precision_score(labels[on_day], challenger[on_day])
            - average_precision_score(labels[on_day], champion[on_day])
        )
    count = len(differences)
    return Comparison(
        champion=float(average_precision_score(labels, champion)),
        challenger=float(average_precision_score(labels, challenger)),
        mean_daily_difference=float(np.mean(differences)) if count else 0.0,
        standard_error=float(np.std(differences, ddof=1) / np.sqrt(count)) if count > 1 else None,
        days=count,
    )
