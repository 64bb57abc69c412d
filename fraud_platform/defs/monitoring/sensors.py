"""The circuit breaker's eye on the alert rate."""

import dagster as dg

from fraud_platform.defs.owners import OWNERS
from fraud_platform.operations.alert_rate import watch_alert_rate
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
