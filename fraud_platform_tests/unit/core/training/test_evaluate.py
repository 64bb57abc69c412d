from dataclasses import fields, replace

import numpy as np
import pytest

from fraud_platform.core.training import plots
from fraud_platform.core.training.dataset import DatedRows
from fraud_platform.core.training.evaluate import Evaluation, evaluate
from fraud_platform.core.training.threshold import Threshold

DAYS = np.array(["2026-01-01"] * 4 + ["2026-01-02"] * 4, dtype="datetime64[D]")
LABELS = np.array([1, 0, 0, 0, 1, 1, 0, 0], dtype=bool)
SCORES = np.array([0.9, 0.6, 0.1, 0.1, 0.8, 0.2, 0.7, 0.1])
ROWS = DatedRows(np.zeros((8, 2)), LABELS, DAYS, np.array(list("abcdabcd")), np.array([30.0, 1, 1, 1, 50, 20, 1, 1]))
THRESHOLD = Threshold(0.65, 2, 1.5)


def test_counts_what_the_threshold_catches_and_costs():
    result = evaluate(SCORES, ROWS, THRESHOLD)
    assert result.precision == pytest.approx(2 / 3)
    assert result.recall == pytest.approx(2 / 3)
    assert result.amount_recall == pytest.approx(0.8)
    assert result.alerts_per_day == 1.5
    assert result.probability_ratio == pytest.approx(SCORES.sum() / 3)
    assert result.brier == pytest.approx(np.mean((SCORES - LABELS) ** 2))
    assert [(day.day, day.frauds, day.alerts) for day in result.by_day] == [("2026-01-01", 1, 1), ("2026-01-02", 2, 2)]
    assert result.by_day[0].average_precision == 1.0


def test_blocked_cards_count_in_probabilities_and_in_nothing_else():
    blocked = np.arange(8) == 5
    whole, without = evaluate(SCORES, ROWS, THRESHOLD), evaluate(SCORES, replace(ROWS, blocked=blocked), THRESHOLD)
    alone = evaluate(SCORES[~blocked], ROWS.select(~blocked), THRESHOLD)
    probabilities = {"brier", "expected_calibration_error", "probability_ratio"}
    for field in fields(Evaluation):
        expected = whole if field.name in probabilities else alone
        assert getattr(without, field.name) == getattr(expected, field.name), field.name
    assert alone != whole


def test_a_day_without_frauds_has_no_average_precision():
    rows = DatedRows(ROWS.features, LABELS & (np.arange(8) < 4), DAYS, ROWS.customer_ids, ROWS.amounts)
    assert evaluate(SCORES, rows, THRESHOLD).by_day[1].average_precision is None


def test_metrics_are_finite_numbers_without_the_daily_table():
    metrics = evaluate(SCORES, ROWS, Threshold(2.0, 2, 0)).metrics()
    assert "by_day" not in metrics and all(np.isfinite(value) for value in metrics.values())
    assert metrics["precision"] == 0.0


def test_daily_measures_have_intervals_that_their_mean_lies_in():
    result = evaluate(SCORES, ROWS, Threshold(0.65, 1, 1.5))
    for name, value in result.intervals().items():
        assert value.low <= value.mean <= value.high, name
    assert result.intervals()["amount_stopped_per_day"].mean == pytest.approx(result.amount_stopped_per_day)
    assert result.intervals()["card_precision_at_budget"].mean == pytest.approx(result.card_precision_at_budget)


@pytest.mark.parametrize(
    "draw",
    [
        lambda: plots.precision_recall({"model": SCORES, "other": 1 - SCORES}, LABELS),
        lambda: plots.calibration(SCORES, LABELS),
        lambda: plots.score_histogram(SCORES, LABELS, 0.65),
        lambda: plots.alerts_by_day(evaluate(SCORES, ROWS, THRESHOLD).by_day, 2),
        lambda: plots.threshold_against_money(SCORES, ROWS, 0.65),
        lambda: plots.feature_importance({"amount": 60.0, "hour": 40.0}),
    ],
    ids=[
        "precision_recall",
        "calibration",
        "score_histogram",
        "alerts_by_day",
        "threshold_against_money",
        "feature_importance",
    ],
)
def test_every_plot_is_a_png(draw):
    assert draw().startswith(b"\x89PNG\r\n")
