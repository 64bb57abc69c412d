"""Versions in a real registry: trained, registered, made champion and judged by the gate."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg
from mlflow import MlflowClient

from fraud_platform.core.model_bundle import ModelBundle
from fraud_platform.defs.models import checks
from fraud_platform.defs.models.assets import registered_model
from fraud_platform.defs.models.gate import COMPARED, NEWEST_SCORED_AT, PARITY
from fraud_platform.defs.models.jobs import judging
from fraud_platform.operations.aliases import CHAMPION
from fraud_platform.resources.mlflow import mlflow
from fraud_platform.storage.bundle_folder import save_bundle
from fraud_platform.storage.clock import now_ms


def materialise(platform, instance, what, config=None, **options) -> dg.ExecuteInProcessResult:
    resources = {"platform": platform, "mlflow": mlflow}
    return dg.materialize(what, config, resources=resources, instance=instance, **options)


@contextmanager
def as_champion(platform, version: int) -> Iterator[None]:
    platform.registry.set_alias(CHAMPION, version)
    try:
        yield
    finally:
        platform.registry.delete_alias(CHAMPION)


def judge(platform, instance, version: int | None = None) -> dict[str, dg.AssetCheckEvaluation]:
    """The gate run by itself, as 'Execute all' and judge_model do."""
    config = judging(version) if version else None
    definitions = dg.Definitions(
        assets=[registered_model],
        asset_checks=[checks.gate],
        jobs=[dg.define_asset_job("judge", dg.AssetSelection.checks(*checks.GATE))],
        resources={"platform": platform, "mlflow": mlflow},
    )
    done = definitions.resolve_job_def("judge").execute_in_process(config, instance=instance, raise_on_error=False)
    return {e.check_name: e for e in done.get_asset_check_evaluations()}


def register_bundle(platform, made: ModelBundle, folder) -> int:
    run = MlflowClient(platform.settings.mlflow_tracking_uri).create_run("0")
    return platform.registry.register(save_bundle(made, folder / "bundle"), run.info.run_id, "test", {})


def parity_result(passed: bool, age_hours: float, compared: int) -> dg.AssetCheckEvaluation:
    """What `features_match_stream` leaves in the event log."""
    scored_at = dg.MetadataValue.timestamp(now_ms() / 1000 - age_hours * 3600)
    return dg.AssetCheckEvaluation(
        asset_key=PARITY.asset_key,
        check_name=PARITY.name,
        passed=passed,
        description="amount is off",
        metadata={COMPARED: dg.MetadataValue.int(compared), **({NEWEST_SCORED_AT: scored_at} if compared else {})},
    )
