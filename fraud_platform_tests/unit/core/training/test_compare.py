"""Which challenger takes over: one that is better by more than its days vary, and loses no money by it."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import t as student_t

from fraud_platform.core.arrays import Floats
from fraud_platform.core.training.compare import compare
from fraud_platform.core.training.dataset import DatedRows

DAYS, PER_DAY, FRAUDS, BUDGET = 7, 400, 10, 8


@pytest.fixture
def test_rows() -> DatedRows:
    """Each transaction on a card of its own."""
    rng = np.random.default_rng(np.random.SeedSequence(3))
    count = DAYS * PER_DAY
    days = np.repeat(np.arange("2026-01-01", "2026-01-08", dtype="datetime64[D]"), PER_DAY)
    labels = np.tile(np.arange(PER_DAY) < FRAUDS, DAYS)
    return DatedRows(np.zeros((count, 1)), labels, days, np.arange(count), rng.lognormal(3, 1, count))


def scores(rows: DatedRows, signal: float, seed: int = 4) -> Floats:
    """Of a model that is the better, the stronger its signal is against the noise, which the seed decides."""
    noise = np.random.default_rng(np.random.SeedSequence(seed)).normal(size=len(rows.labels))
    return 1 / (1 + np.exp(-(signal * rows.labels + noise)))


def saved(probabilities: Floats, rows: DatedRows, day: np.datetime64) -> float:
    on_day = rows.days == day
    last_alert = np.sort(probabilities[on_day])[-BUDGET]
    return float(rows.amounts[on_day & rows.labels & (probabilities >= last_alert)].sum())


def test_the_better_model_wins_and_the_worse_one_is_refused(test_rows):
    weak, strong = scores(test_rows, 1.0), scores(test_rows, 3.0)
    assert compare(weak, strong, test_rows, BUDGET).challenger_wins
    assert not compare(strong, weak, test_rows, BUDGET).challenger_wins


def test_blocked_cards_do_not_count(test_rows):
    blocked = np.random.default_rng(np.random.SeedSequence(6)).random(len(test_rows.labels)) < 0.2
    weak, strong = scores(test_rows, 1.0), scores(test_rows, 3.0)
    without = compare(weak[~blocked], strong[~blocked], test_rows.select(~blocked), BUDGET)
    assert compare(weak, strong, replace(test_rows, blocked=blocked), BUDGET) == without
    assert compare(weak, strong, test_rows, BUDGET) != without


def test_a_model_is_no_better_than_itself(test_rows):
    same = scores(test_rows, 2.0)
    comparison = compare(same, same, test_rows, BUDGET)
    assert not comparison.challenger_wins and comparison.average_precision.mean_difference == 0


def test_a_small_gain_counts_where_every_day_has_it_and_a_large_one_on_a_single_day_is_noise(test_rows):
    champion = scores(test_rows, 2.0)
    assert compare(champion, scores(test_rows, 2.3), test_rows, BUDGET).average_precision.better
    on_one_day = np.where(test_rows.days == test_rows.days[0], scores(test_rows, 5.0), champion)
    lucky = compare(champion, on_one_day, test_rows, BUDGET).average_precision
    assert lucky.challenger > lucky.champion and lucky.mean_difference > 0 and not lucky.better


def test_a_better_ranking_that_saves_less_is_refused(test_rows):
    dear = np.tile(np.arange(PER_DAY) < 2, DAYS)
    cheap = test_rows.labels & ~dear
    test_rows.amounts[:] = np.where(dear, 1000.0, 1.0)
    ties = 0.01 * np.random.default_rng(np.random.SeedSequence(5)).random(len(dear))
    champion = np.where(dear, 0.9, 0.5) + ties
    challenger = np.where(cheap, 0.9, np.where(dear, 0.5, 0.1)) + ties
    comparison = compare(champion, challenger, test_rows, BUDGET)
    assert comparison.average_precision.better and comparison.amount_saved.worse
    assert not comparison.challenger_wins


def test_the_margin_is_that_of_a_paired_t_test(test_rows):
    champion, challenger = scores(test_rows, 1.0), scores(test_rows, 1.5, seed=9)
    money = compare(champion, challenger, test_rows, BUDGET).amount_saved
    days = np.unique(test_rows.days)
    differences = np.array([saved(challenger, test_rows, day) - saved(champion, test_rows, day) for day in days])
    assert money.mean_difference == pytest.approx(differences.mean())
    assert money.margin == pytest.approx(student_t.ppf(0.95, DAYS - 1) * differences.std(ddof=1) / np.sqrt(DAYS))


def test_a_single_day_shows_no_noise_and_so_no_winner(test_rows):
    one = test_rows.select(test_rows.days == test_rows.days[0])
    comparison = compare(scores(one, 1.0), scores(one, 4.0), one, BUDGET)
    assert comparison.average_precision.margin == float("inf") and not comparison.challenger_wins
