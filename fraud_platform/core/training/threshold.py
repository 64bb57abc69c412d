"""The decision threshold: what a team can look at in a day, or what pays. Chosen on validation, never on test."""

from dataclasses import dataclass, replace

import numpy as np

from fraud_platform.core.arrays import Floats
from fraud_platform.core.training.dataset import DatedRows


@dataclass(frozen=True)
class Threshold:
    """Alerts are the transactions with a probability of at least `value`."""

    value: float
    alert_budget_per_day: int
    alerts_per_day: float
    """What the threshold costs on the rows that it was chosen on."""
    chosen_by: str = "alert budget"


def choose_threshold(
    probabilities: Floats,
    rows: DatedRows,
    alert_budget_per_day: int,
    review_cost: float | None,
    min_alert_probability: float,
) -> Threshold:
    """By the cost of a review where it is known, else by the alert budget; from probabilities (n,) of the open rows.

    Never below `min_alert_probability`: a budget is what a team can look at at most. Where it is
    larger than the traffic, every transaction would be an alert without that floor.
    """
    probabilities, rows = probabilities[rows.open], rows.judged
    if review_cost is None:
        chosen = threshold_for_budget(probabilities, rows.day_count, alert_budget_per_day)
    else:
        chosen = threshold_for_cost(probabilities, rows, alert_budget_per_day, review_cost)
    if chosen.value >= min_alert_probability:
        return chosen
    alerts = np.count_nonzero(probabilities >= min_alert_probability)
    return replace(
        chosen,
        value=min_alert_probability,
        alerts_per_day=alerts / rows.day_count,
        chosen_by=f"minimum alert probability of {min_alert_probability:g}",
    )


def threshold_for_cost(
    probabilities: Floats, rows: DatedRows, alert_budget_per_day: int, review_cost: float
) -> Threshold:
    """The threshold whose alerts save most: the amounts of the frauds among them less `review_cost` for each.

    Of equal savings the one with fewer alerts. The budget limits nothing; it goes on to be
    what rankings are judged at.
    """
    order = np.argsort(-probabilities, kind="stable")
    descending = probabilities[order]
    saved = np.cumsum(np.where(rows.labels, rows.amounts, 0.0)[order] - review_cost)
    # Rows of the same probability are alerts together or not at all.
    ends = np.flatnonzero(np.append(descending[1:] < descending[:-1], True))
    alerts = int(ends[np.argmax(saved[ends])]) + 1
    if saved[alerts - 1] <= 0:
        alerts = 0
    return Threshold(
        _between(descending, alerts), alert_budget_per_day, alerts / rows.day_count, f"review cost of {review_cost:g}"
    )


def threshold_for_budget(probabilities: Floats, day_count: int, alert_budget_per_day: int) -> Threshold:
    """The lowest threshold that keeps the mean number of alerts a day within the budget.

    Rows that tie at the budget's edge are all left out, so the budget holds. The value
    lies midway between the last alert and the first row below it, where the last bit of
    a probability decides nothing.
    """
    allowed = alert_budget_per_day * day_count
    descending = np.sort(probabilities)[::-1]
    alerts = len(descending)
    if allowed < alerts:
        alerts = int(np.count_nonzero(descending > descending[allowed]))
    return Threshold(_between(descending, alerts), alert_budget_per_day, alerts / day_count)


def _between(descending: Floats, alerts: int) -> float:
    """The value midway between the last of so many alerts and the first row below it, always above 0."""
    first_below = descending[alerts] if alerts < len(descending) else 0.0
    lowest_alert = descending[alerts - 1] if alerts else 1.0
    return float(max((lowest_alert + first_below) / 2, np.nextafter(first_below, np.inf)))
