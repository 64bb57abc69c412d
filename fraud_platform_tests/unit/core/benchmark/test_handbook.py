"""The protocol's folds, and that nothing of the future reaches a feature or a score."""

from datetime import date, timedelta

import numpy as np
import pytest

from fraud_platform.core.benchmark import handbook, known_runs
from fraud_platform.core.benchmark.features import labelled_rows
from fraud_platform.core.benchmark.folds import DELAY_DAYS, Fold, known_compromised
from fraud_platform.core.benchmark.handbook import evaluate_fold, score_fold
from fraud_platform.core.training.params import Boosting
from fraud_platform.errors import TrainingError
from fraud_platform_tests.support.handbook_transactions import START, day_of, transactions, with_labels
from fraud_platform_tests.support.simulated_world import DECLARATION, FEATURE_NAMES

NAMES = (*FEATURE_NAMES, *known_runs.NAMES)
FRAME = transactions()
FOLD = Fold(START.date() + timedelta(days=28), extra_train_days=7)


@pytest.fixture(autouse=True, scope="module")
def few_trees():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(handbook, "BOOSTING", Boosting(rounds=40, learning_rate=0.1))
        yield


def rows_of(frame=FRAME):
    return labelled_rows(DECLARATION, "merchant_id", frame, DELAY_DAYS)


@pytest.fixture(scope="module")
def rows():
    return rows_of()


@pytest.fixture(scope="module")
def scored(rows):
    return score_fold(rows, FOLD, smote_ratio=0.1, seed=3)


def test_weeks_follow_each_other():
    fold = Fold(date(2018, 6, 20), extra_train_days=28)
    days = [fold.train_start, fold.train_end, fold.test_start, fold.test_end]
    assert [str(day) for day in days] == ["2018-05-23", "2018-06-27", "2018-07-04", "2018-07-11"]


def test_test_rows_leave_out_customers_with_a_known_fraud(rows):
    test = FOLD.test_rows(rows)
    for day in np.unique(rows.days[test]):
        known = rows.labels & (rows.days >= np.datetime64(FOLD.start)) & (day - rows.days > np.timedelta64(7, "D"))
        on_day = rows.days == day
        expected = on_day & ~np.isin(rows.customer_ids, rows.customer_ids[known])
        assert np.array_equal(test & on_day, expected) and 0 < expected.sum() < on_day.sum()


def test_a_fraud_before_the_train_week_is_forgotten(rows):
    assert not known_compromised(rows, START.date() + timedelta(days=56)).any()


def test_features_know_no_label_younger_than_the_delay(rows):
    day = 30
    changed = rows_of(with_labels(FRAME, day_of(FRAME) > day - DELAY_DAYS))
    past = day_of(FRAME) <= day
    assert rows.features.shape == (len(FRAME), len(NAMES))
    assert np.array_equal(changed.features[past], rows.features[past])
    assert not np.array_equal(changed.features[~past], rows.features[~past])


def test_scores_know_no_label_of_the_test_week(scored):
    first = (FOLD.test_start - START.date()).days
    again = score_fold(rows_of(with_labels(FRAME, day_of(FRAME) >= first)), FOLD, smote_ratio=0.1, seed=3)
    assert np.array_equal(again.test, scored.test) and np.array_equal(again.probabilities, scored.probabilities)


def test_the_order_of_rows_changes_no_score(scored):
    again = score_fold(rows_of(FRAME.sample(frac=1, random_state=5)), FOLD, smote_ratio=0.1, seed=3)
    assert np.array_equal(again.probabilities, scored.probabilities) and again.threshold == scored.threshold


def test_the_seed_decides_the_scores(rows, scored):
    assert not np.array_equal(score_fold(rows, FOLD, smote_ratio=0.1, seed=4).probabilities, scored.probabilities)


@pytest.mark.parametrize("smote_ratio", [0.0, 0.1])
def test_frauds_are_found_and_probabilities_hold(rows, smote_ratio):
    result = evaluate_fold(rows, FOLD, smote_ratio, seed=3)
    assert result.average_precision > 5 * result.frauds / result.transactions
    assert 0.5 < result.probability_ratio < 2


def test_a_fold_outside_the_data_says_what_they_reach_over(rows):
    with pytest.raises(TrainingError, match="the data reach from 2018-04-01"):
        evaluate_fold(rows, Fold(date(2019, 1, 1)), 0, seed=1)


def test_a_repeated_id_is_refused():
    with pytest.raises(TrainingError, match="twice"):
        rows_of(FRAME.assign(transaction_id="T1"))
