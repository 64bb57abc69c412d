"""Judging a registered version, and moving the champion: the jobs that the sensors request and that people launch."""

from typing import Any

import dagster as dg
from pydantic import Field

from fraud_platform.defs.models.checks import GATE
from fraud_platform.defs.owners import OWNERS
from fraud_platform.operations import promotion
from fraud_platform.operations.deployment_history import earlier_version
from fraud_platform.operations.promotion import Promoted, Request
from fraud_platform.resources.platform import PlatformResource

VERSION_TAG = "fraud/model_version"
"""Run tag: the version that a run judges or promotes."""

judge_model = dg.define_asset_job(
    "judge_model",
    selection=dg.AssetSelection.checks(*GATE),
    description="The gate for one registered version, the newest by default. Its results stand on registered_model.",
    owners=OWNERS,
)


class PromotionConfig(dg.Config):
    """The version to make champion."""

    version: int = Field(ge=1, description="Version of the registered model, as MLflow counts them.")
    reason: str = Field(min_length=1, description="Why; the version in MLflow and the ledger keep it.")
    override_gate: bool = Field(False, description="Promote a version that the gate refused or has not judged.")


class RollbackConfig(dg.Config):
    """The version to go back to."""

    reason: str = Field(min_length=1, description="Why; the version in MLflow and the ledger keep it.")
    version: int | None = Field(None, ge=1, description="Version; by default the one in force before this one.")


@dg.op
def make_champion(context: dg.OpExecutionContext, config: PromotionConfig, platform: PlatformResource) -> None:
    """Moves the alias champion and waits for the scorer; without its answer the alias moves back and the run fails."""
    context.log.info("waiting for the scorer to take version %s", config.version)
    request = Request(config.version, _by(context), config.reason)
    done = promotion.promote(platform.settings, platform.registry, request, override_gate=config.override_gate)
    _tell(context, config.version, done)


@dg.op
def restore_champion(context: dg.OpExecutionContext, config: RollbackConfig, platform: PlatformResource) -> None:
    """Makes an earlier version champion again and waits for the scorer."""
    version = config.version or earlier_version(platform.settings, platform.registry)
    context.log.info("waiting for the scorer to take version %s", version)
    done = promotion.roll_back(platform.settings, platform.registry, Request(version, _by(context), config.reason))
    _tell(context, version, done)


@dg.job(
    description="Make a version the champion, and wait until the scorer has taken it. rollout_sensor requests it.",
    owners=OWNERS,
)
def promote_model() -> None:
    make_champion()


@dg.job(
    description="Make the version before champion again, or the one that is named. Needs a reason.",
    owners=OWNERS,
)
def rollback_model() -> None:
    restore_champion()


def judging(version: int) -> dict[str, Any]:
    """Run config of judge_model for a version."""
    return {"ops": {"gate": {"config": {"version": version}}}}


def promoting(version: int, reason: str) -> dict[str, Any]:
    """Run config of promote_model for a version."""
    return {"ops": {"make_champion": {"config": {"version": version, "reason": reason}}}}


def _by(context: dg.OpExecutionContext) -> str:
    return f"Dagster run {context.run_id}"


def _tell(context: dg.OpExecutionContext, version: int, done: Promoted) -> None:
    context.log.info(
        "version %s is the champion after %.1f s (before: %s), from offsets %s",
        version,
        done.seconds,
        done.before or "none",
        done.event.from_offsets,
    )
    context.add_output_metadata(
        {
            "version": version,
            "version_before": done.before or "none",
            "first_offsets": done.event.from_offsets or {},
            "scorer": done.event.scorer_id,
            "seconds_to_take_over": done.seconds,
        }
    )
