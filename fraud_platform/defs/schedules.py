"""What happens every day, shortly after midnight UTC. Off until somebody switches it on."""

from datetime import date, timedelta

import dagster as dg

from fraud_platform.defs.code_location import SETTINGS
from fraud_platform.defs.jobs import (
    INFERENCE,
    TRAINING,
    collect_predictions,
    refresh_merchant_risk,
    train_fraud_detection_model,
)
from fraud_platform.defs.owners import OWNERS
from fraud_platform.defs.partitions import RANGE_END, RANGE_START

FIRST_DAY = SETTINGS.start_date
NOTHING_BEFORE = f"yesterday lies before START_DATE={FIRST_DAY}, the first day that there is"


def _yesterday(context: dg.ScheduleEvaluationContext) -> date:
    return (context.scheduled_execution_time - timedelta(days=1)).date()


def _for_yesterday(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """A run over yesterday; none where there was no such day yet."""
    if (day := _yesterday(context)) < FIRST_DAY:
        return dg.SkipReason(NOTHING_BEFORE)
    return dg.RunRequest(run_key=day.isoformat(), partition_key=day.isoformat())


@dg.schedule(
    job=refresh_merchant_risk,
    cron_schedule="5 0 * * *",
    execution_timezone="UTC",
    description="Reads the rest of yesterday from Kafka, and gives the scorer merchant_risk as of the start of today.",
    tags=INFERENCE,
    owners=OWNERS,
)
def merchant_risk_of_the_day(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    today = context.scheduled_execution_time.date()
    if today < FIRST_DAY:
        return dg.SkipReason(f"today lies before START_DATE={FIRST_DAY}, the first day that there is")
    first = max(_yesterday(context), FIRST_DAY)
    return dg.RunRequest(run_key=today.isoformat(), tags={RANGE_START: first.isoformat(), RANGE_END: today.isoformat()})


@dg.schedule(
    job=train_fraud_detection_model,
    cron_schedule="30 0 * * *",
    execution_timezone="UTC",
    description="Trains and registers a model with yesterday as the last day. The sensors take the version from there.",
    tags=TRAINING,
    owners=OWNERS,
)
def daily_training(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    return _for_yesterday(context)


@dg.schedule(
    job=collect_predictions,
    cron_schedule="0 1 * * *",
    execution_timezone="UTC",
    description="Stores yesterday's predictions, and measures each version on those whose labels have matured.",
    tags=INFERENCE,
    owners=OWNERS,
)
def daily_predictions(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    return _for_yesterday(context)
