"""Early fraud reports against a challenger's probabilities: one that did not see them coming is sent back."""

import dagster as dg

from fraud_platform.core.canary import early_labels_broken
from fraud_platform.resources.platform import PlatformResource
from fraud_platform.schemas import ScorerEvent
from fraud_platform.storage.challenger import early_labels
from fraud_platform.storage.clock import now_ms
from fraud_platform.storage.ledger import scorer_events, write_event
from fraud_platform.storage.registry import CHALLENGER, CHAMPION


@dg.sensor(minimum_interval_seconds=600, default_status=dg.DefaultSensorStatus.RUNNING)
def challenger_sensor(platform: PlatformResource) -> dg.SkipReason:
    """Removes the alias challenger where more frauds are reported than its probabilities can have meant."""
    settings, registry = platform.settings, platform.registry
    version = registry.version(CHALLENGER)
    if version is None or version == registry.version(CHAMPION):
        return dg.SkipReason("there is no challenger")
    loaded = [e.at_ms for e in scorer_events(settings) if (e.kind, e.model_version) == ("challenger_loaded", version)]
    if not loaded:
        return dg.SkipReason(f"no scorer has loaded version {version}, the challenger, yet")
    known = early_labels(settings, version, loaded[0])
    reason = early_labels_broken(known.expected, known.reported, settings.canary_alert_factor)
    if reason is None:
        return dg.SkipReason(
            f"version {version}: {known.reported} frauds reported, {known.expected:.1f} expected in {known.rows} rows"
        )
    registry.delete_alias(CHALLENGER)
    event = ScorerEvent(
        kind="canary_rolled_back",
        scorer_id="challenger_sensor",
        at_ms=now_ms(),
        model_version=version,
        reason=reason,
    )
    write_event(settings, event)
    return dg.SkipReason(f"version {version} is sent back: {reason}")
