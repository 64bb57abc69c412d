"""Each night closes yesterday, and gives the scorer the merchant risk of the day that has begun."""

from datetime import UTC, datetime, time, timedelta

import dagster as dg
import pytest

from fraud_platform import definitions
from fraud_platform.defs import jobs, schedules
from fraud_platform.defs.code_location import SETTINGS
from fraud_platform.defs.owners import OWNERS

MIDNIGHT = datetime(2026, 3, 1, 0, 30, tzinfo=UTC)
ON_START_DATE = datetime.combine(SETTINGS.start_date, time(0, 30), UTC)


@pytest.mark.parametrize("schedule", [schedules.daily_training, schedules.daily_predictions], ids=lambda s: s.name)
def test_the_last_closed_day_is_yesterday(schedule):
    request = schedule(dg.build_schedule_context(scheduled_execution_time=MIDNIGHT))
    assert request.partition_key == request.run_key == "2026-02-28"


def test_merchant_risk_is_there_for_the_day_that_has_begun():
    request = schedules.merchant_risk_of_the_day(dg.build_schedule_context(scheduled_execution_time=MIDNIGHT))
    assert (request.tags[schedules.RANGE_START], request.tags[schedules.RANGE_END]) == ("2026-02-28", "2026-03-01")


def test_each_job_and_schedule_says_what_it_does_and_whom_to_ask():
    asset_jobs = [job for job in definitions.defs.jobs if job.name in vars(jobs)]
    assert len(asset_jobs) >= 4
    for definition in [*definitions.defs.schedules, *asset_jobs]:
        assert definition.description.endswith(".") and definition.owners == OWNERS, definition.name
        assert definition.tags["pipeline"] in ("training", "inference")


@pytest.mark.parametrize("schedule", [schedules.daily_training, schedules.daily_predictions], ids=lambda s: s.name)
def test_on_the_first_day_of_all_there_is_no_yesterday(schedule):
    answer = schedule(dg.build_schedule_context(scheduled_execution_time=ON_START_DATE))
    assert isinstance(answer, dg.SkipReason) and f"START_DATE={SETTINGS.start_date}" in answer.skip_message


def test_merchant_risk_begins_with_the_first_day():
    request = schedules.merchant_risk_of_the_day(dg.build_schedule_context(scheduled_execution_time=ON_START_DATE))
    first = SETTINGS.start_date.isoformat()
    assert (request.tags[schedules.RANGE_START], request.tags[schedules.RANGE_END]) == (first, first)
    before = dg.build_schedule_context(scheduled_execution_time=ON_START_DATE - timedelta(days=1))
    assert isinstance(schedules.merchant_risk_of_the_day(before), dg.SkipReason)
