"""What Dagster knows of a version, and what a tick of the rollout's sensor makes of it."""

import dagster as dg
from dagster import AssetCheckEvaluation, AssetMaterialization

from fraud_platform.defs.models.candidate_run import REGISTERED
from fraud_platform.defs.models.checks import GATE
from fraud_platform.defs.models.gate import VERSION
from fraud_platform.defs.models.sensors import rollout_sensor


def register(instance, version: int) -> None:
    instance.report_runless_asset_event(AssetMaterialization(REGISTERED, metadata={"version": version}))


def evaluate(instance, version: int, failed: str | None = None, left_out: str | None = None) -> None:
    """Results of the gate on a version, as they come without a materialisation that they point at."""
    for key in GATE:
        if key.name != left_out:
            instance.report_runless_asset_event(
                AssetCheckEvaluation(
                    asset_key=key.asset_key,
                    check_name=key.name,
                    passed=key.name != failed,
                    description="by 0.01" if key.name == failed else None,
                    metadata={VERSION: dg.MetadataValue.int(version)},
                    blocking=True,
                    target_materialization_data=None,
                )
            )


def tick(instance, platform) -> dg.RunRequest | str:
    """One tick of the rollout: what it requests, or the reason for which it does not."""
    answer = rollout_sensor(dg.build_sensor_context(instance, resources={"platform": platform}))
    return answer.skip_message if isinstance(answer, dg.SkipReason) else answer
