"""The decision threshold, from what a team can look at in a day. Chosen on validation, never on test."""

from dataclasses import dataclass

import numpy as np

from fraud_platform.core.arrays import Floats


@dataclass(frozen=True)
class Threshold:
    """Alerts are the transactions with a probability of at least `value`."""

    value: float
    alert_budget_per_day: int
    alerts_per_day: float
    """What the threshold costs on the rows that it was chosen on; at most the budget."""


def threshold_for_budget(probabilities: Floats, day_count: int, alert_budget_per_day: int) -> Threshold:
    """The lowest threshold that keeps the mean number of alerts a day within the budget.

    Rows that tie at the budget's edge are all left out, so the budget holds. The value
    lies midway between the last alert and the first row below it, where the last bit of
    a probability decides nothing.
    """
    allowed = alert_budget_per_day * day_count
    descending = np.sort(probabilities)[::-1]
    if allowed >= len(descending):
        return Threshold(0.0, alert_budget_per_day, len(descending) / day_count)
    first_below = descending[allowed]
    alerts = int(np.count_nonzero(descending > first_below))
    lowest_alert = descending[alerts - 1] if alerts else 1.0
    value = max((lowest_alert + first_below) / 2, np.nextafter(first_below, np.inf))
    return Threshold(float(value), alert_budget_per_day, alerts / day_count)
