"""What happens every day, shortly after midnight UTC. Off until somebody switches it on."""

from datetime import timedelta

import dagster as dg

from fraud_platform.defs.jobs import collect_predictions, refresh_merchant_risk, train_fraud_detection_model

RANGE_START, RANGE_END = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"


def _yesterday(context: dg.ScheduleEvaluationContext) -> str:
    return (context.scheduled_execution_time - timedelta(days=1)).date().isoformat()


@dg.schedule(job=refresh_merchant_risk, cron_schedule="5 0 * * *", execution_timezone="UTC")
def merchant_risk_of_the_day(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """Closes yesterday, and gives the scorer today's merchant_risk: it is as of the start of the day."""
    today = context.scheduled_execution_time.date().isoformat()
    return dg.RunRequest(run_key=today, tags={RANGE_START: _yesterday(context), RANGE_END: today})


@dg.schedule(job=train_fraud_detection_model, cron_schedule="30 0 * * *", execution_timezone="UTC")
def daily_training(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """Trains with yesterday as the last day."""
    return dg.RunRequest(run_key=_yesterday(context), partition_key=_yesterday(context))


@dg.schedule(job=collect_predictions, cron_schedule="0 1 * * *", execution_timezone="UTC")
def daily_predictions(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """Stores yesterday's predictions, and judges those whose labels matured."""
    return dg.RunRequest(run_key=_yesterday(context), partition_key=_yesterday(context))


ALL = [merchant_risk_of_the_day, daily_training, daily_predictions]
