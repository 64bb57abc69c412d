from dataclasses import replace

import numpy as np
import pytest

from fraud_platform.core.training.dataset import DatedRows
from fraud_platform.core.training.threshold import choose_threshold, threshold_for_budget, threshold_for_cost

BUDGET, LOWEST = 3, 0.01


def rows(labels: list[int], amounts: list[float]) -> DatedRows:
    count = len(labels)
    days = np.repeat(np.datetime64("2026-01-01"), count)
    return DatedRows(np.zeros((count, 1)), np.array(labels, bool), days, np.arange(count), np.array(amounts))


@pytest.mark.parametrize(
    "probabilities, days, budget, alerts",
    [
        ([0.9, 0.8, 0.7, 0.6, 0.5], 1, 2, 2),
        ([0.9, 0.8, 0.7, 0.6, 0.5], 2, 2, 4),
        ([0.9, 0.8, 0.8, 0.6, 0.5], 1, 2, 1),  # two rows tie for the second place: neither fits
        ([0.8, 0.8, 0.8, 0.6, 0.5], 1, 2, 0),
        ([1.0, 1.0, 1.0, 0.6, 0.5], 1, 2, 0),  # no probability lies above the tie
        ([0.9, 0.8, 0.7], 1, 3, 3),  # the budget covers everything
    ],
)
def test_alerts_stay_within_the_budget_and_ties_share_one_fate(probabilities, days, budget, alerts):
    scores = np.array(probabilities)
    threshold = threshold_for_budget(scores, days, budget)
    assert np.count_nonzero(scores >= threshold.value) == alerts
    assert threshold.alerts_per_day == alerts / days <= budget


def test_the_last_bits_of_a_probability_decide_nothing():
    scores = np.random.default_rng(1).random(1000)
    threshold = threshold_for_budget(scores, 1, 50)
    for noise in (-1e-9, 1e-9):
        assert np.count_nonzero(scores + noise >= threshold.value) == 50


@pytest.mark.parametrize(
    "labels, amounts, cost, alerts",
    [
        ([1, 0, 1, 0, 0], [50.0, 9, 50, 9, 9], 10, 3),  # one review in vain is worth the next fraud
        ([1, 0, 1, 0, 0], [50.0, 9, 5, 9, 9], 10, 1),  # a small fraud is not
        ([0, 0, 0, 0, 1], [9.0, 9, 9, 9, 30], 10, 0),  # nothing pays
        ([1, 1, 1, 1, 1], [50.0, 50, 50, 50, 50], 10, 5),  # everything pays, beyond the budget
    ],
)
def test_the_threshold_by_cost_is_the_one_that_saves_most(labels, amounts, cost, alerts):
    scores = np.array([0.9, 0.8, 0.7, 0.6, 0.5])
    threshold = threshold_for_cost(scores, rows(labels, amounts), BUDGET, cost)
    assert np.count_nonzero(scores >= threshold.value) == threshold.alerts_per_day == alerts


def test_no_other_threshold_saves_more():
    rng = np.random.default_rng(np.random.SeedSequence(2))
    scores = np.round(rng.random(400), 2)
    dated = rows((rng.random(400) < scores / 3).astype(int).tolist(), rng.lognormal(3, 1, 400).tolist())

    def saving(value: float) -> float:
        alerts = scores >= value
        return float(dated.amounts[alerts & dated.labels].sum() - 12 * alerts.sum())

    chosen = threshold_for_cost(scores, dated, BUDGET, review_cost=12)
    most = max(saving(value) for value in np.linspace(0, 1.01, 102))
    assert most > 0 and saving(chosen.value) == pytest.approx(most)


def test_the_threshold_says_what_it_was_chosen_by():
    scores, dated = np.array([0.9, 0.1]), rows([1, 0], [50.0, 1])
    assert choose_threshold(scores, dated, BUDGET, None, LOWEST).chosen_by == "alert budget"
    assert choose_threshold(scores, dated, BUDGET, 2.5, LOWEST).chosen_by == "review cost of 2.5"
    assert choose_threshold(scores, dated, BUDGET, None, 0.5).chosen_by == "minimum alert probability of 0.5"


@pytest.mark.parametrize("review_cost", [None, 0.01], ids=["by budget", "by cost"])
@pytest.mark.parametrize(
    ("probabilities", "alerts"),
    [
        ([0.9, 0.3, 0.009, 0.001], 2),  # the budget would take all four
        ([0.009, 0.008, 0.001, 0.0], 0),  # a model that suspects nothing raises no alerts
        ([0.01, 0.01, 0.01, 0.01], 4),  # the floor itself is an alert
        ([0.0, 0.0, 0.0, 0.0], 0),
    ],
)
def test_however_large_the_budget_an_alert_has_the_lowest_probability_at_least(probabilities, alerts, review_cost):
    scores, dated = np.array(probabilities), rows([1, 1, 1, 1], [50.0, 50, 50, 50])
    threshold = choose_threshold(scores, dated, 1000, review_cost, LOWEST)
    assert threshold.value >= LOWEST
    assert np.count_nonzero(scores >= threshold.value) == threshold.alerts_per_day == alerts


@pytest.mark.parametrize("review_cost", [None, 15.0])
def test_blocked_cards_take_no_place_in_the_budget_and_save_nothing(review_cost):
    scores = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3])
    whole = rows([1, 1, 1, 0, 1, 0, 0], [100, 20, 20, 5, 30, 5, 5])
    blocked = np.array([1, 0, 1, 0, 0, 0, 0], bool)
    without = choose_threshold(scores[~blocked], whole.select(~blocked), BUDGET, review_cost, LOWEST)
    assert choose_threshold(scores, replace(whole, blocked=blocked), BUDGET, review_cost, LOWEST) == without
    assert choose_threshold(scores, whole, BUDGET, review_cost, LOWEST) != without
