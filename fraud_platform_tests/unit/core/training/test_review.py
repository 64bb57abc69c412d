"""Reviewing k cards a day, worked by hand.

Day 1: a 0.9 (fraud of 30), b 0.6, c 0.1, d 0.1. Day 2: a 0.8 (fraud of 50), b 0.2 (fraud of 20), c 0.7, d 0.1.
"""

import numpy as np
import pytest

from fraud_platform.core.training.dataset import DatedRows
from fraud_platform.core.training.review import interval, recall, review

DAYS = np.array(["2026-01-01"] * 4 + ["2026-01-02"] * 4, dtype="datetime64[D]")
LABELS = np.array([1, 0, 0, 0, 1, 1, 0, 0], dtype=bool)
SCORES = np.array([0.9, 0.6, 0.1, 0.1, 0.8, 0.2, 0.7, 0.1])
ROWS = DatedRows(np.zeros((8, 2)), LABELS, DAYS, np.array(list("abcdabcd")), np.array([30.0, 1, 1, 1, 50, 20, 1, 1]))


def test_a_card_caught_on_one_day_makes_room_for_another_on_the_next():
    # Day 1 looks at a and finds it. Day 2 passes over a, looks at c and misses b.
    first, second = review(SCORES, ROWS, cards_per_day=1)
    assert (first.caught, first.compromised, first.amount_stopped) == (1, 1, 30.0)
    assert (second.caught, second.compromised, second.amount_stopped) == (0, 1, 0.0)
    assert [first.card_precision, second.card_precision] == [1.0, 0.0]
    assert recall([first, second]) == 0.5


def test_with_more_cards_a_day_more_is_stopped():
    # Two cards: day 2 looks at c and b.
    first, second = review(SCORES, ROWS, cards_per_day=2)
    assert [first.card_precision, second.card_precision] == [0.5, 0.5]
    assert second.amount_stopped == 20.0 and recall([first, second]) == 1.0


def test_a_card_that_was_missed_is_looked_at_again():
    # Day 1 looks at b in vain; on day 2 a is the most suspicious, and only that day's fraud is stopped.
    scores = np.array([0.5, 0.6, 0.1, 0.1, 0.8, 0.2, 0.7, 0.1])
    first, second = review(scores, ROWS, cards_per_day=1)
    assert (first.caught, second.caught, second.compromised, second.amount_stopped) == (0, 1, 2, 50.0)


def test_a_card_counts_once_a_day_with_its_most_suspicious_transaction_and_all_its_frauds_are_stopped():
    labels = np.array([True, True, False, True])
    rows = DatedRows(np.zeros((4, 1)), labels, np.repeat(DAYS[:1], 4), np.array(list("aabc")), np.array([5.0, 7, 1, 9]))
    (day,) = review(np.array([0.9, 0.8, 0.7, 0.1]), rows, cards_per_day=2)
    assert (day.caught, day.compromised, day.amount_stopped) == (1, 2, 12.0)


def test_a_day_without_frauds_has_no_recall():
    rows = DatedRows(ROWS.features, LABELS & (np.arange(8) < 4), DAYS, ROWS.customer_ids, ROWS.amounts)
    assert [day.recall for day in review(SCORES, rows, cards_per_day=1)] == [1.0, None]


def test_the_interval_is_student_s():
    # Mean 2, standard deviation 1, three days: 4.3027 standard errors of 1 / sqrt(3).
    found = interval([1.0, None, 2.0, 3.0])
    assert (found.mean, found.days) == (2.0, 3)
    assert (found.low, found.high) == pytest.approx((2 - 2.4841, 2 + 2.4841), abs=1e-4)


def test_one_day_says_nothing_about_the_next():
    assert interval([0.5]).low == -np.inf and interval([0.5]).high == np.inf
