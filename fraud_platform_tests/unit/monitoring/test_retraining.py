"""When drift asks for a training: matured, once, and not again within a week."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fraud_platform.messages.schemas import ScorerEvent
from fraud_platform.monitoring.retraining import COOLDOWN_DAYS, days_to_wait, drift_days, drift_to_answer

DRIFT, WAIT = date(2026, 6, 1), 30
DUE = DRIFT + timedelta(days=WAIT)


def days(*numbers):
    return [DRIFT + timedelta(days=number) for number in numbers]


def test_a_drift_waits_for_the_days_that_a_training_needs():
    assert drift_to_answer([DRIFT], WAIT, DUE - timedelta(days=1), None) is None
    assert drift_to_answer([DRIFT], WAIT, DUE, None) == DRIFT


def test_one_that_was_answered_is_not_answered_again():
    assert drift_to_answer([DRIFT], WAIT, DUE + timedelta(days=100), DUE) is None


def test_drifts_that_matured_together_are_one_request():
    assert drift_to_answer(days(0, 1, 2), WAIT, DUE + timedelta(days=2), None) == days(2)[0]
    assert drift_to_answer(days(0, 1, 2), WAIT, DUE + timedelta(days=20), DUE + timedelta(days=2)) is None


def test_a_later_drift_waits_for_the_end_of_the_cool_down():
    later, first = days(0, 3), DUE
    assert drift_to_answer(later, WAIT, DUE + timedelta(days=3), first) is None
    assert drift_to_answer(later, WAIT, DUE + timedelta(days=COOLDOWN_DAYS), first) == days(3)[0]


@given(st.sets(st.integers(0, 120), max_size=12))
def test_over_any_days_each_drift_is_answered_once_and_requests_lie_a_week_apart(numbers):
    known, last, requests, answered = days(*sorted(numbers)), None, [], set()
    for today in (DRIFT + timedelta(days=n) for n in range(200)):
        if (day := drift_to_answer([d for d in known if d <= today], WAIT, today, last)) is not None:
            last = today
            requests.append(today)
            fresh = {d for d in known if d <= day} - answered
            assert day in fresh
            answered |= fresh
    assert answered == set(known)
    assert all(b - a >= timedelta(days=COOLDOWN_DAYS) for a, b in pairwise(requests))


def test_drift_is_what_the_ledger_tells_of_it():
    events = [
        ScorerEvent(kind="drift_detected", scorer_id="feature_drift", at_ms=0, day="2026-06-02"),
        ScorerEvent(kind="alarm_raised", scorer_id="x", at_ms=0),
        ScorerEvent(kind="drift_detected", scorer_id="score_drift", at_ms=0, day="2026-06-01"),
        ScorerEvent(kind="drift_detected", scorer_id="feature_drift", at_ms=0, day="2026-06-02"),
    ]
    assert drift_days(events) == days(0, 1)


@pytest.mark.parametrize(("after", "wait"), [(14, 14 + 6 + 6 + 3 * 4), (1, 1 + 6 + 6 + 3 * 4)])
def test_the_wait_is_that_of_a_split(make_settings, after, wait):
    settings = make_settings(retrain_on_drift_days=after, label_delay_days=4, validation_days=6, test_days=6)
    assert days_to_wait(settings) == wait
