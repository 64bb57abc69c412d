"""Statistics of drift against values that are known or computed in another way."""

import numpy as np
import pytest
from scipy import stats

from fraud_platform.core.monitoring.two_samples import (
    benjamini_hochberg,
    design_effect,
    kolmogorov_smirnov,
    population_stability_index,
    share_difference,
)


def test_the_same_shares_have_no_index():
    assert population_stability_index(np.array([10, 20, 70]), np.array([10, 20, 70])) == 0


def test_the_index_is_that_of_the_textbook_where_no_bin_is_empty():
    p, q = np.array([0.2, 0.3, 0.5]), np.array([0.25, 0.25, 0.5])
    found = population_stability_index(p * 1_000_000, q * 1_000_000)
    assert found == pytest.approx(np.sum((p - q) * np.log(p / q)), rel=1e-4)


def test_an_empty_bin_has_a_finite_index():
    assert 1 < population_stability_index(np.array([0, 100]), np.array([50, 50])) < 10


def test_the_probability_of_chance_is_that_of_kolmogorov():
    counts, reference = np.array([30, 40, 30, 100]), np.array([300, 300, 300, 300])
    distance, p_value = kolmogorov_smirnov(counts, reference)
    root = np.sqrt(200 * 1200 / 1400)
    assert distance == pytest.approx(0.25)
    assert p_value == pytest.approx(stats.kstwobign.sf((root + 0.12 + 0.11 / root) * distance), rel=1e-9)


@pytest.mark.parametrize("bins", [2, 10, 50])
def test_chance_alone_is_significant_no_more_often_than_stated(bins):
    rng = np.random.default_rng(7)
    shares = np.full(bins, 1 / bins)
    reference, days = rng.multinomial(20_000, shares), rng.multinomial(1_000, shares, size=2_000)
    p_values = np.array([kolmogorov_smirnov(day, reference)[1] for day in days])
    assert np.mean(p_values <= 0.05) <= 0.06


def test_independent_days_have_no_design_effect():
    days = np.random.default_rng(3).multinomial(1_000, np.full(8, 1 / 8), size=200)
    assert design_effect(days) == pytest.approx(1, abs=0.1)


def test_rows_that_come_in_fives_have_a_design_effect_of_five():
    days = 5 * np.random.default_rng(3).multinomial(200, np.full(8, 1 / 8), size=200)
    assert design_effect(days) == pytest.approx(5, rel=0.1)


@pytest.mark.parametrize("days", [np.zeros((0, 3)), np.array([[1, 2, 3]]), np.array([[5, 0], [9, 0]])])
def test_where_nothing_can_vary_the_design_effect_is_one(days):
    assert design_effect(days) == 1


def test_a_share_is_compared_as_by_the_chi_squared_test():
    _, p_value = share_difference(60, 1_000, 0.03, 10_000)
    table = [[60, 940], [300, 9_700]]
    assert p_value == pytest.approx(stats.chi2_contingency(table, correction=False)[1], rel=0.2)


def test_no_alert_at_all_has_a_probability():
    assert 0 < share_difference(0, 1_000, 0.0, 10_000)[1] <= 1


def test_of_many_tests_those_beyond_chance_are_rejected():
    p_values = np.array([0.0001, 0.04, 0.0003, 0.9, 0.5])
    assert benjamini_hochberg(p_values, 0.05).tolist() == [True, False, True, False, False]
    assert benjamini_hochberg(np.array([]), 0.05).tolist() == []


def test_chance_rejects_any_of_many_tests_no_more_often_than_stated():
    p_values = np.random.default_rng(5).random((4_000, 50))
    assert np.mean([benjamini_hochberg(row, 0.05).any() for row in p_values]) <= 0.06
