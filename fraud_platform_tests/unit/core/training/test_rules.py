"""The hand-written rules, one case by hand for each."""

import numpy as np
import pytest

from fraud_platform.core.features.table import FEATURE_NAMES, FEATURES
from fraud_platform.core.training.rules import RULES, rule_scores, rules_that_fire


def row(**values: float) -> np.ndarray:
    """A transaction of 20 at a customer of habits, with some values of its own."""
    usual = {feature.name: feature.default for feature in FEATURES} | {
        "amount": 20.0,
        "count_1h": 1.0,
        "count_30d": 30.0,
    }
    return np.array([{**usual, **values}[name] for name in FEATURE_NAMES])


FIRING = [
    ({"amount": 600.0, "amount_to_mean_30d": 6.0}, "over 5 times"),
    ({"distance_km": 1000.0, "speed_kmh": 2000.0}, "impossible travel"),
    ({"small_count_1h": 3.0}, "card testing"),
    ({"is_new_country": 1.0, "is_new_device": 1.0}, "new country"),
    ({"count_1h": 5.0}, "5 transactions"),
    ({"merchant_risk_7d": 0.1}, "reported frauds"),
    ({"device_customers_1d": 3.0}, "device that"),
    ({"merchant_velocity_1h": 10.0, "merchant_small_share_1h": 0.9}, "small amounts, of at least 10"),
]
QUIET = [
    {},
    {"amount": 99.0, "amount_to_mean_30d": 50.0},
    {"amount": 5000.0, "amount_to_mean_30d": 5.0},
    {"distance_km": 1000.0, "speed_kmh": 800.0},
    {"distance_km": 10.0, "speed_kmh": 2000.0},
    {"small_count_1h": 2.0},
    {"is_new_country": 1.0},
    {"is_new_country": 1.0, "is_new_device": 1.0, "count_30d": 1.0},
    {"is_new_device": 1.0},
    {"merchant_velocity_1h": 9.0, "merchant_small_share_1h": 1.0},
]


def test_every_rule_has_a_case() -> None:
    assert len(FIRING) == len(RULES)


@pytest.mark.parametrize(("values", "words"), FIRING, ids=[words for _, words in FIRING])
def test_a_rule_fires_alone_on_what_it_is_about(values: dict[str, float], words: str) -> None:
    (fired,) = rules_that_fire(row(**values)[np.newaxis])
    assert len(fired) == 1 and words in fired[0]


@pytest.mark.parametrize("values", QUIET, ids=str)
def test_half_a_suspicion_is_none(values: dict[str, float]) -> None:
    assert rules_that_fire(row(**values)[np.newaxis]) == [[]]


def test_more_points_rank_higher_and_among_equals_the_larger_amount() -> None:
    travel, testing = FIRING[1][0], FIRING[2][0]
    ordered = [row(), row(amount=5000.0), row(**travel), row(**travel, amount=80.0), row(**travel, **testing)]
    scores = rule_scores(np.array(ordered))
    assert (np.diff(scores) > 0).all() and scores.min() >= 0 and scores.max() < 1
