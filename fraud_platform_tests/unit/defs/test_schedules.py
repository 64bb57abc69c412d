"""Each night closes yesterday, and gives the scorer the merchant risk of the day that has begun."""

from datetime import UTC, datetime

import dagster as dg
import pytest

from fraud_platform.defs import schedules

MIDNIGHT = datetime(2026, 3, 1, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize("schedule", [schedules.daily_training, schedules.daily_predictions], ids=lambda s: s.name)
def test_the_last_closed_day_is_yesterday(schedule):
    request = schedule(dg.build_schedule_context(scheduled_execution_time=MIDNIGHT))
    assert request.partition_key == request.run_key == "2026-02-28"


def test_merchant_risk_is_there_for_the_day_that_has_begun():
    request = schedules.merchant_risk_of_the_day(dg.build_schedule_context(scheduled_execution_time=MIDNIGHT))
    assert (request.tags[schedules.RANGE_START], request.tags[schedules.RANGE_END]) == ("2026-02-28", "2026-03-01")
