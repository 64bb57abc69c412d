"""The circuit breaker's eye on the alert rate."""

import dagster as dg

from fraud_platform.resources.platform import PlatformResource
from fraud_platform.storage.alert_rate import watch_alert_rate


@dg.sensor(minimum_interval_seconds=30, default_status=dg.DefaultSensorStatus.RUNNING)
def alert_rate_sensor(context: dg.SensorEvaluationContext, platform: PlatformResource) -> dg.SkipReason:
    """Raises an alarm in the ledger over ALERT_RATE_LIMIT and clears it below; it starts nothing.

    While the alarm stands, promotion_sensor holds every version. The scorer goes on.
    """
    rate, is_raised = watch_alert_rate(platform.settings)
    if is_raised:
        context.log.error("%s: promotions are held", rate)
    return dg.SkipReason(f"{rate}: {'promotions are held' if is_raised else 'no alarm'}")
