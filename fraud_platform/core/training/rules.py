"""The rules that a fraud team would write by hand: what a model has to be worth more than.

Thresholds are round numbers from practice, not fitted to any data. A rule is left out where
the declaration has not all of its features.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fraud_platform.core.arrays import Bools, Floats

Columns = Mapping[str, Floats]
"""Feature name → its values (n,)."""


@dataclass(frozen=True)
class Rule:
    """A suspicion in words, its points, the features that it asks for, and whether rows of them raise it."""

    words: str
    points: int
    asks_for: frozenset[str]
    fires: Callable[[Columns], Bools]


RULES = (
    Rule(
        "amount of at least 100 that is over 5 times the customer's 30-day mean",
        3,
        frozenset({"amount", "amount_to_mean_30d"}),
        lambda row: (row["amount"] >= 100) & (row["amount_to_mean_30d"] > 5),
    ),
    Rule(
        "impossible travel: over 200 km at over 900 km/h, an airliner's speed",
        3,
        frozenset({"distance_km", "speed_kmh"}),
        lambda row: (row["distance_km"] > 200) & (row["speed_kmh"] > 900),
    ),
    Rule(
        "card testing: at least 3 small amounts in an hour",
        3,
        frozenset({"small_count_1h"}),
        lambda row: row["small_count_1h"] >= 3,
    ),
    Rule(
        "new country from a new device, though not the customer's first transaction",
        3,
        frozenset({"is_new_country", "is_new_device", "count_30d"}),
        lambda row: (row["is_new_country"] == 1) & (row["is_new_device"] == 1) & (row["count_30d"] > 1),
    ),
    Rule("at least 5 transactions in an hour", 2, frozenset({"count_1h"}), lambda row: row["count_1h"] >= 5),
    Rule(
        "merchant with over 5 % of reported frauds in 7 days",
        2,
        frozenset({"merchant_risk_7d"}),
        lambda row: row["merchant_risk_7d"] > 0.05,
    ),
    Rule(
        "device that at least 3 customers used in a day",
        2,
        frozenset({"device_customers_1d"}),
        lambda row: row["device_customers_1d"] >= 3,
    ),
    Rule(
        "merchant whose last hour is mostly small amounts, of at least 10",
        1,
        frozenset({"merchant_velocity_1h", "merchant_small_share_1h"}),
        lambda row: (row["merchant_velocity_1h"] >= 10) & (row["merchant_small_share_1h"] > 0.5),
    ),
)


def rules_for(names: Sequence[str]) -> list[Rule]:
    """The rules that these features can tell."""
    return [rule for rule in RULES if rule.asks_for <= set(names)]


def rule_scores(features: Floats, names: Sequence[str]) -> Floats:
    """Scores (n,) in [0, 1) of feature rows (n, F): points of the rules that fire, and among equals the larger amount.

    They rank; they are no probabilities.
    """
    row = dict(zip(names, features.T, strict=True))
    rules = rules_for(names)
    points = np.zeros(len(features))
    for rule in rules:
        points += rule.points * rule.fires(row)
    if "amount" in row:
        amount = np.maximum(row["amount"], 0.0)  # a refund
        points += amount / (amount + 100)
    return points / (sum(rule.points for rule in rules) + 1)


def rules_that_fire(features: Floats, names: Sequence[str]) -> list[list[str]]:
    """The words of the rules that each row (n, F) raises, in their declared order."""
    row = dict(zip(names, features.T, strict=True))
    rules = rules_for(names)
    fired = np.array([rule.fires(row) for rule in rules], bool).reshape(len(rules), len(features))
    return [[rules[i].words for i in np.flatnonzero(of_row)] for of_row in fired.T]
