"""Promotion without a person: a registered version that passed its checks goes to the running scorer."""

import dagster as dg

from fraud_platform.core.alert_rate import alarm
from fraud_platform.defs.models.candidate_run import REGISTERED
from fraud_platform.defs.models.checks import GATE
from fraud_platform.defs.models.gate import unmet_checks
from fraud_platform.defs.models.jobs import promote_model, promotion_of
from fraud_platform.resources.platform import PlatformResource
from fraud_platform.storage.ledger import scorer_events
from fraud_platform.storage.registry import CHAMPION

PASSED = "passed every check of the gate"


@dg.sensor(job=promote_model, minimum_interval_seconds=5, default_status=dg.DefaultSensorStatus.RUNNING)
def promotion_sensor(context: dg.SensorEvaluationContext, platform: PlatformResource) -> dg.RunRequest | dg.SkipReason:
    """Requests promote_model once for the latest registered version, when every check of the gate passed on it.

    The cursor is the materialisation that was decided on, so MLflow is asked once a version
    and a champion that was rolled back stays rolled back. While the scorer's alert rate is
    over its limit nothing is promoted.
    """
    records = context.instance.fetch_materializations(REGISTERED, limit=1).records
    if not records or records[0].asset_materialization is None:
        return dg.SkipReason("no model has been registered yet")
    materialization_id = records[0].storage_id
    version = int(str(records[0].asset_materialization.metadata["version"].value))
    if context.cursor == str(materialization_id):
        return dg.SkipReason(f"version {version} has been decided on: the next one is waited for")
    if unmet := unmet_checks(context.instance, GATE, materialization_id):
        return dg.SkipReason(f"version {version} is not promoted: {'; '.join(unmet)}")
    if standing := alarm(scorer_events(platform.settings)):
        return dg.SkipReason(f"version {version} is held until the alarm is cleared: {standing.reason}")
    champion = platform.registry.version(CHAMPION)
    context.update_cursor(str(materialization_id))
    if champion is not None and version <= champion:
        return dg.SkipReason(f"version {version} is not newer than the champion, version {champion}")
    return dg.RunRequest(run_key=f"promote-{version}-{materialization_id}", run_config=promotion_of(version, PASSED))
