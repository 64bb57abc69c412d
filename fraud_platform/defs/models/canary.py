"""Early fraud reports against a new version's probabilities: one that did not see them coming is sent back."""

import dagster as dg

from fraud_platform.core.canary import early_labels_broken
from fraud_platform.defs.owners import OWNERS
from fraud_platform.messages.schemas import ScorerEvent
from fraud_platform.operations import rollout
from fraud_platform.operations.aliases import CANARY, CHALLENGER, CHAMPION
from fraud_platform.operations.early_labels import early_labels
from fraud_platform.operations.ledger import scorer_events, write_event
from fraud_platform.resources.platform import PlatformResource
from fraud_platform.storage.clock import now_ms

LOADED = {CHALLENGER: "challenger_loaded", CANARY: "canary_loaded"}


@dg.sensor(
    minimum_interval_seconds=600,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description=(
        "Sends a challenger or canary back where more frauds are reported on the transactions that it scored than its "
        "probabilities can have meant. It starts nothing."
    ),
    owners=OWNERS,
)
def challenger_sensor(platform: PlatformResource) -> dg.SkipReason:
    """Looks at the version that is furthest on its way."""
    registry = platform.registry
    for alias in (CANARY, CHALLENGER):
        version = registry.version(alias)
        if version is not None and version != registry.version(CHAMPION):
            return dg.SkipReason(_judge(platform, alias, version))
    return dg.SkipReason("there is no challenger")


def _judge(platform: PlatformResource, alias: str, version: int) -> str:
    """What the reports say of the version, which is sent back where that is too much."""
    settings = platform.settings
    loaded = [e.at_ms for e in scorer_events(settings) if (e.kind, e.model_version) == (LOADED[alias], version)]
    if not loaded:
        return f"no scorer has loaded version {version}, the {alias}, yet"
    topic = settings.kafka_shadow_topic if alias == CHALLENGER else settings.kafka_predictions_topic
    known = early_labels(settings, topic, version, loaded[0])
    reason = early_labels_broken(known.expected, known.reported, settings.canary_alert_factor)
    if reason is None:
        return f"the reports so far do not speak against version {version}, the {alias}"
    rollout.stop(platform.registry, version, reason)
    event = ScorerEvent(
        kind="canary_rolled_back",
        scorer_id="challenger_sensor",
        at_ms=now_ms(),
        model_version=version,
        reason=reason,
    )
    write_event(settings, event)
    return f"version {version} is sent back: {reason}"
