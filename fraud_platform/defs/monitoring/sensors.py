"""The circuit breaker's eye on the alert rate, the ledger's lines about drift, and the training that answers it."""

from datetime import UTC, date, datetime, timedelta

import dagster as dg

from fraud_platform.defs.jobs import train_fraud_detection_model
from fraud_platform.defs.owners import OWNERS
from fraud_platform.monitoring.retraining import days_to_wait, drift_days, drift_to_answer
from fraud_platform.operations.alert_rate import watch_alert_rate
from fraud_platform.operations.drift_events import drift_tables_version, tell_of_drift
from fraud_platform.operations.ledger import scorer_events
from fraud_platform.resources.platform import PlatformResource


@dg.sensor(
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description=(
        "Raises an alarm in the ledger where more than ALERT_RATE_LIMIT of the newest predictions are alerts, and "
        "clears it when they are fewer. While it stands rollout_sensor holds every version; the scorer goes on."
    ),
    owners=OWNERS,
)
def alert_rate_sensor(context: dg.SensorEvaluationContext, platform: PlatformResource) -> dg.SkipReason:
    """The reason has no numbers while nothing changes, so that the ticks tell of changes only."""
    rate, is_raised = watch_alert_rate(platform.settings)
    if is_raised:
        context.log.error("%s: promotions are held", rate)
        return dg.SkipReason("the share of alerts is over ALERT_RATE_LIMIT: promotions are held")
    return dg.SkipReason("no alarm")


@dg.sensor(
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description=(
        "Writes drift_detected into the ledger, once for each breach that feature_drift or score_drift has found on "
        "the last 30 days. It starts nothing, and holds no version."
    ),
    owners=OWNERS,
)
def drift_sensor(context: dg.SensorEvaluationContext, platform: PlatformResource) -> dg.SkipReason:
    """The cursor is the tables' version, so that they are read only when they have changed."""
    version = drift_tables_version(platform.lake)
    if context.cursor == version:
        return dg.SkipReason("no drift table has changed")
    told = tell_of_drift(platform.settings, platform.lake)
    context.update_cursor(version)
    for breach in told:
        context.log.warning("%s: %s on %s", breach.asset, ", ".join(breach.names), breach.day)
    return dg.SkipReason("new drifts are in the ledger" if told else "no new drift")


@dg.sensor(
    job=train_fraud_detection_model,
    minimum_interval_seconds=300,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description=(
        "Asks for a training once for each drift in the ledger, when a training would hold RETRAIN_ON_DRIFT_DAYS days "
        "after it. Off while that setting is 0. The new version goes the usual path."
    ),
    owners=OWNERS,
)
def retraining_sensor(
    context: dg.SensorEvaluationContext, platform: PlatformResource
) -> dg.SensorResult | dg.SkipReason:
    """The cursor is the day of the last request; the run key keeps a breach from being answered twice without it."""
    settings, today = platform.settings, datetime.now(UTC).date()
    if not settings.retrain_on_drift_days:
        return dg.SkipReason("RETRAIN_ON_DRIFT_DAYS is 0: drift asks for no training")
    days = drift_days(scorer_events(settings))
    last = date.fromisoformat(context.cursor) if context.cursor else None
    day = drift_to_answer(days, days_to_wait(settings), today, last)
    if day is None:
        return dg.SkipReason("no drift that a training would know and none was asked for")
    yesterday = (today - timedelta(days=1)).isoformat()
    asked = dg.RunRequest(run_key=f"drift of {day}", partition_key=yesterday, tags={"drift": day.isoformat()})
    return dg.SensorResult([asked], cursor=today.isoformat())
