"""Where the rollout stands, from MLflow (aliases, tags), Dagster (gate, promotion runs) and Kafka (counts, alarm)."""

import dagster as dg

from fraud_platform.defs.models.checks import GATE
from fraud_platform.defs.models.gate import Registration, registration_of, registrations, verdict_on
from fraud_platform.defs.models.jobs import VERSION_TAG, promote_model
from fraud_platform.operations.alert_rate import alarm
from fraud_platform.operations.aliases import CANARY, CHALLENGER, CHAMPION
from fraud_platform.operations.deployment_tags import SINCE
from fraud_platform.operations.ledger import scorer_events
from fraud_platform.operations.observed_alerts import observed_alerts
from fraud_platform.operations.rollout import (
    STOPPED,
    GatedVersion,
    Limits,
    RolloutState,
    Verdict,
    verdict_of,
)
from fraud_platform.resources.platform import PlatformResource
from fraud_platform.settings import Settings

UNKNOWN = "Dagster knows of no registration of it"


def rollout_state(instance: dg.DagsterInstance, platform: PlatformResource) -> RolloutState:
    """What the next step depends on, as it is now."""
    settings, registry = platform.settings, platform.registry
    newest = next(registrations(instance), None)
    if newest is None:
        return RolloutState(None)

    def gated(version: int | None) -> GatedVersion | None:
        return None if version is None else _gated(instance, platform, version, registration_of(instance, version))

    events = scorer_events(settings)
    standing = alarm(events)
    champion, challenger, canary = (registry.version(alias) for alias in (CHAMPION, CHALLENGER, CANARY))
    return RolloutState(
        newest=gated(newest.version),
        champion=champion,
        challenger=gated(challenger),
        canary=gated(canary),
        counts=observed_alerts(settings, events, {CHALLENGER: challenger, CANARY: canary}),
        alarm=None if standing is None else standing.reason or "the share of alerts is over its limit",
    )


def limits_of(settings: Settings) -> Limits:
    """The settings that the rollout goes by."""
    return Limits(
        settings.shadow_min_rows, settings.canary_percent, settings.canary_min_rows, settings.canary_alert_factor
    )


def _gated(
    instance: dg.DagsterInstance, platform: PlatformResource, version: int, registration: Registration | None
) -> GatedVersion:
    tags = platform.registry.tags(version)
    verdict, reason = (Verdict.WAITING, UNKNOWN) if registration is None else verdict_on(instance, GATE, registration)
    if verdict_of(tags) == Verdict.OVERRIDDEN:
        verdict, reason = Verdict.OVERRIDDEN, ""
    elif verdict is Verdict.WAITING and verdict_of(tags) == Verdict.PASSED:
        # The gate of an earlier release let it through, which had fewer checks.
        verdict, reason = Verdict.PASSED, ""
    return GatedVersion(
        version, verdict, reason, tags.get(STOPPED), SINCE in tags, _promotion(instance, version, registration)
    )


def _promotion(instance: dg.DagsterInstance, version: int, registration: Registration | None) -> str | None:
    """How the version's last promotion run stands."""
    found = instance.get_run_records(
        dg.RunsFilter(job_name=promote_model.name, tags={VERSION_TAG: str(version)}), limit=1
    )
    if not found or (registration and found[0].create_timestamp.timestamp() < registration.timestamp):
        return None
    if not found[0].dagster_run.is_finished:
        return "running"
    return None if found[0].dagster_run.is_success else "failed"
