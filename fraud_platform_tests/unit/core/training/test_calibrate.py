import numpy as np
import pytest

from fraud_platform.core.training.calibrate import (
    ISOTONIC_MIN_FRAUDS,
    calibrate,
    daily_noise,
    expected_calibration_error,
    probability_ratio,
)
from fraud_platform.errors import TrainingError


def inflated_scores(rows: int, seed: int = 1, base_rate: float = 0.01, inflation: float = 16.0):
    """Scores whose odds are `inflation` times too high, as SMOTE leaves them, and labels drawn from the true odds."""
    rng = np.random.default_rng(seed)
    odds = np.exp(rng.normal(np.log(base_rate) - 2, 2, rows))
    return inflation * odds / (1 + inflation * odds), rng.random(rows) < odds / (1 + odds)


def few_frauds():
    return inflated_scores(2_000)


def many_frauds():
    return inflated_scores(60_000)


@pytest.mark.parametrize("make, method", [(few_frauds, "prior shift"), (many_frauds, "centred isotonic regression")])
def test_every_method_undoes_the_inflation_on_rows_it_has_not_seen(make, method):
    scores, labels = make()
    calibration = calibrate(scores, labels)
    assert calibration.method == method
    later_scores, later_labels = inflated_scores(60_000, seed=2)
    probabilities = calibration(later_scores)
    assert probability_ratio(later_scores, later_labels) > 4
    assert probability_ratio(probabilities, later_labels) == pytest.approx(1, abs=0.35)
    assert expected_calibration_error(probabilities, later_labels) < expected_calibration_error(
        later_scores, later_labels
    )


@pytest.mark.parametrize("make", [few_frauds, many_frauds])
def test_probabilities_add_up_to_the_frauds_of_validation(make):
    scores, labels = make()
    assert probability_ratio(calibrate(scores, labels)(scores), labels) == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("make", [few_frauds, many_frauds])
def test_the_curve_keeps_the_ranking_and_stays_within_0_and_1(make):
    scores, labels = make()
    grid = np.linspace(0, 1, 10_001)
    probabilities = calibrate(scores, labels)(grid)
    assert np.all(np.diff(probabilities) >= 0) and probabilities.min() >= 0 and probabilities.max() <= 1
    ranked = np.sort(np.unique(scores))
    assert np.all(np.diff(calibrate(scores, labels)(ranked)) > 0), "no two scores share a probability"


def test_isotonic_starts_at_its_minimum_of_frauds():
    scores = np.linspace(0, 1, 1000)
    assert calibrate(scores, np.arange(1000) >= 1000 - ISOTONIC_MIN_FRAUDS).method == "centred isotonic regression"
    assert calibrate(scores, np.arange(1000) > 1000 - ISOTONIC_MIN_FRAUDS).method == "prior shift"


def test_the_noise_of_the_days_covers_right_probabilities_and_not_inflated_ones():
    days = np.datetime64("2026-01-01") + np.arange(14).repeat(500)
    covered = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        probabilities = rng.beta(0.05, 2, len(days))
        labels = rng.random(len(days)) < probabilities
        off = abs(probability_ratio(probabilities, labels) - 1)
        covered.append(off <= daily_noise(probabilities, labels, days))
        inflated = np.minimum(1, 3 * probabilities)
        assert abs(probability_ratio(inflated, labels) - 1) > daily_noise(inflated, labels, days)
        assert daily_noise(probabilities, labels, np.zeros_like(days)) == np.inf, "one day tells nothing of the next"
    assert np.mean(covered) > 0.85


@pytest.mark.parametrize("label", [False, True])
def test_one_class_cannot_be_calibrated(label):
    with pytest.raises(TrainingError, match="both classes"):
        calibrate(np.linspace(0, 1, 10), np.full(10, label))


def test_calibration_error_is_the_gap_between_probability_and_rate():
    labels = np.arange(1000) % 4 == 0
    assert expected_calibration_error(np.full(1000, 0.25), labels) == pytest.approx(0)
    assert expected_calibration_error(np.full(1000, 0.40), labels) == pytest.approx(0.15)
