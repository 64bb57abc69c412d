"""When the circuit breaker raises its alarm, and when it takes it back."""

import pytest

from fraud_platform.messages.schemas import ScorerEvent
from fraud_platform.operations.alert_rate import FEWEST_PREDICTIONS, AlertRate, alarm

MANY = 10 * FEWEST_PREDICTIONS


@pytest.mark.parametrize(
    ("predictions", "alerts", "is_raised", "due"),
    [
        (MANY, MANY // 5, False, "alarm_raised"),
        (MANY, MANY // 10, False, None),  # at the limit
        (MANY, MANY // 5, True, None),  # it is told once
        (MANY, int(MANY * 0.09), True, None),  # below the limit, and close to it
        (MANY, int(MANY * 0.08), True, "alarm_cleared"),
        (MANY, 0, False, None),
        (FEWEST_PREDICTIONS - 1, FEWEST_PREDICTIONS - 1, False, None),  # too few to judge by
        (FEWEST_PREDICTIONS - 1, 0, True, None),
        (0, 0, False, None),
    ],
)
def test_an_alarm_is_raised_over_the_limit_and_cleared_well_below_it(predictions, alerts, is_raised, due):
    assert AlertRate(predictions, alerts).change(0.1, is_raised) == due


def event(kind: str) -> ScorerEvent:
    return ScorerEvent(kind=kind, scorer_id="s", at_ms=0, reason=kind)


@pytest.mark.parametrize(
    ("told", "stands"),
    [
        ([], False),
        (["started"], False),
        (["alarm_raised"], True),
        (["alarm_raised", "model_loaded", "stopped"], True),
        (["alarm_raised", "alarm_cleared"], False),
        (["alarm_raised", "alarm_cleared", "alarm_raised"], True),
    ],
)
def test_an_alarm_stands_until_it_is_cleared(told, stands):
    assert (alarm(map(event, told)) is not None) == stands
