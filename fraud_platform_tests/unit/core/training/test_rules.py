"""The hand-written rules, one case by hand for each."""

import numpy as np
import pytest

from fraud_platform.core.training.rules import RULES, Rule, rule_scores, rules_for, rules_that_fire
from fraud_platform_tests.support.simulated_world import FEATURE_NAMES, FEATURES


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
    (fired,) = rules_that_fire(row(**values)[np.newaxis], FEATURE_NAMES)
    assert len(fired) == 1 and words in fired[0]


@pytest.mark.parametrize("values", QUIET, ids=str)
def test_half_a_suspicion_is_none(values: dict[str, float]) -> None:
    assert rules_that_fire(row(**values)[np.newaxis], FEATURE_NAMES) == [[]]


def test_more_points_rank_higher_and_among_equals_the_larger_amount() -> None:
    travel, testing = FIRING[1][0], FIRING[2][0]
    ordered = [row(), row(amount=5000.0), row(**travel), row(**travel, amount=80.0), row(**travel, **testing)]
    scores = rule_scores(np.array(ordered), FEATURE_NAMES)
    assert (np.diff(scores) > 0).all() and scores.min() >= 0 and scores.max() < 1


def without(*names: str) -> list[str]:
    return [name for name in FEATURE_NAMES if name not in names]


def of(names: list[str], **values: float) -> np.ndarray:
    """A row of these features alone."""
    return row(**values)[[FEATURE_NAMES.index(name) for name in names]][np.newaxis]


def test_a_rule_is_there_where_all_its_features_are() -> None:
    assert rules_for(FEATURE_NAMES) == list(RULES)
    assert rules_for(list(reversed(FEATURE_NAMES))) == list(RULES)
    assert rules_for([]) == []


@pytest.mark.parametrize(
    ("rule", "name"),
    [pytest.param(rule, name, id=f"{rule.words}: {name}") for rule in RULES for name in sorted(rule.asks_for)],
)
def test_a_rule_is_left_out_where_one_of_its_features_is_not_there(rule: Rule, name: str) -> None:
    left = rules_for(without(name))
    assert rule not in left
    assert [one for one in RULES if name not in one.asks_for] == left


def test_a_rule_asks_for_nothing_beside_what_it_says() -> None:
    for rule in RULES:
        columns = {name: np.zeros(3) for name in rule.asks_for}
        assert rule.fires(columns).shape == (3,)


def test_the_rules_that_are_left_fire_as_ever() -> None:
    names, travel, testing = without("speed_kmh"), FIRING[1][0], FIRING[2][0]
    assert rules_that_fire(of(names, **travel), names) == [[]]
    (fired,) = rules_that_fire(of(names, **travel | testing), names)
    assert len(fired) == 1 and "card testing" in fired[0]


def test_points_that_no_rule_can_give_are_not_missed() -> None:
    """With card testing alone, its points are all that there are."""
    names = ["small_count_1h"]
    assert rule_scores(np.array([[0.0], [3.0]]), names).tolist() == [0.0, 3 / 4]


def test_without_any_rule_the_larger_amount_ranks_higher_and_nothing_fires() -> None:
    names = ["amount", "other"]
    rows = np.array([[-5.0, 9.0], [0.0, 9.0], [20.0, 0.0], [5000.0, 0.0]])
    scores = rule_scores(rows, names)
    assert scores[0] == scores[1] == 0 < scores[2] < scores[3] < 1
    assert rules_that_fire(rows, names) == [[]] * 4


def test_where_nothing_can_be_told_all_rows_rank_alike() -> None:
    assert rule_scores(np.ones((3, 1)), ["other"]).tolist() == [0.0] * 3
    assert rules_that_fire(np.ones((0, 1)), ["other"]) == []
