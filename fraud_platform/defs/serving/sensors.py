"""What is deployed, as the ledger tells it, shown in Dagster and on the versions in MLflow."""

import dagster as dg

from fraud_platform.defs.metadata import latest_metadata
from fraud_platform.defs.owners import OWNERS
from fraud_platform.defs.serving.assets import deployed_model
from fraud_platform.messages.schemas import ScorerEvent
from fraud_platform.operations.deployment_history import Deployment, deployments, offsets_as_text
from fraud_platform.operations.deployment_tags import tag_deployment
from fraud_platform.operations.ledger import LedgerLine, ledger_end, ledger_lines
from fraud_platform.resources.platform import PlatformResource
from fraud_platform.storage.clock import as_text

LEDGER_OFFSET, AT_MS = "ledger_offset", "at_ms"
"""Metadata that tell which deployments are materialised already."""


@dg.sensor(
    minimum_interval_seconds=5,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description=(
        "Materialises deployed_model for each change of the champion that the ledger tells of, with version, reason, "
        "by whom and offsets; also for those from while Dagster was down. It starts nothing."
    ),
    owners=OWNERS,
)
def deployment_sensor(context: dg.SensorEvaluationContext, platform: PlatformResource) -> dg.SensorResult:
    """The cursor is the end of the ledger as it was read last."""
    end = str(ledger_end(platform.settings))
    if context.cursor == end:
        return dg.SensorResult(skip_reason="the ledger has no new lines", cursor=end)
    lines = ledger_lines(platform.settings)
    found = deployments(line.event for line in lines)
    new = _not_yet_told(context.instance, lines, found)
    for number in new:
        _tag_if_moved_in_mlflow(platform, found, number)
    return dg.SensorResult(
        asset_events=[_materialisation(lines, found, number) for number in new],
        skip_reason=None if new else "no new champion in the new lines of the ledger",
        cursor=end,
    )


def _not_yet_told(instance: dg.DagsterInstance, lines: list[LedgerLine], deployments: list[Deployment]) -> list[int]:
    """Numbers of the deployments after the one that was materialised last.

    Found by its place in the ledger and its time, so that neither a lost cursor nor an
    interrupted tick tells of one twice, and a ledger that begins anew is told of from its start.
    """
    last = latest_metadata(instance, deployed_model.key) or {}
    told = last.get(LEDGER_OFFSET), last.get(AT_MS)
    places = [(lines[deployment.event].offset, deployment.since_ms) for deployment in deployments]
    first = places.index(told) + 1 if told in places else 0
    return list(range(first, len(deployments)))


def _materialisation(lines: list[LedgerLine], deployments: list[Deployment], number: int) -> dg.AssetMaterialization:
    deployment = deployments[number]
    line: LedgerLine = lines[deployment.event]
    event: ScorerEvent = line.event
    return dg.AssetMaterialization(
        deployed_model.key,
        description=f"version {deployment.version}, from {offsets_as_text(deployment.from_offsets)} on",
        metadata={
            "version": deployment.version,
            "version_before": deployments[number - 1].version if number else "none",
            "reason": deployment.reason or "not told",
            "by": deployment.by or "alias moved in MLflow",
            "first_offsets": deployment.from_offsets,
            "scorer": event.scorer_id,
            "at": as_text(deployment.since_ms),
            LEDGER_OFFSET: line.offset,
            AT_MS: deployment.since_ms,
        },
    )


def _tag_if_moved_in_mlflow(platform: PlatformResource, deployments: list[Deployment], number: int) -> None:
    """Where nobody asked through the platform, nobody has written the version's tags."""
    deployment = deployments[number]
    if deployment.by is None and number == len(deployments) - 1:
        before = deployments[number - 1].version if number else None
        tag_deployment(platform.registry, before, deployment.version, by=None, reason=None, at_ms=deployment.since_ms)
