import numpy as np
import pytest

from fraud_platform.core.training.threshold import threshold_for_budget


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
