"""What a registered version promises before it may become champion. The sensor promotes only what passed them all."""

from typing import TYPE_CHECKING

import dagster as dg

from fraud_platform.core.features.table import feature_set_hash
from fraud_platform.defs.metadata import last_materialisation
from fraud_platform.defs.models.assets import candidate_models, registered_model
from fraud_platform.defs.models.candidate_run import CANDIDATES, REGISTERED
from fraud_platform.defs.models.evidence import (
    calibration_on,
    comparison_with_champion,
    latency_of,
    parity_so_far,
)
from fraud_platform.defs.models.gate import latest_evaluation
from fraud_platform.defs.training.dataset import read_test_rows
from fraud_platform.errors import ModelError
from fraud_platform.resources.platform import PlatformResource
from fraud_platform.storage.registry import CHAMPION

if TYPE_CHECKING:
    from fraud_platform.core.scoring import ModelBundle

PARITY = dg.AssetCheckKey(dg.AssetKey("scored_transactions"), "features_match_stream")


@dg.asset_check(asset=candidate_models)
def main_model_beats_references(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
    """The model that is shipped ranks the test split better than every simpler one; otherwise a warning."""
    latest = last_materialisation(context, CANDIDATES)
    precision, main = latest["average_precision"], latest["main_model"]
    better = [f"{name} {value:.4f}" for name, value in precision.items() if name != main and value >= precision[main]]
    return dg.AssetCheckResult(
        passed=not better,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"{main} {precision[main]:.4f}; at least as good: {', '.join(better) or 'none'}",
    )


@dg.asset_check(asset=registered_model, blocking=True)
def beats_the_champion(context: dg.AssetCheckExecutionContext, platform: PlatformResource) -> dg.AssetCheckResult:
    """The version ranks the test split better than the champion, beyond the noise of its days, and saves as much."""
    version, champion = _registered_version(context), platform.registry.version(CHAMPION)
    if version == champion:
        return dg.AssetCheckResult(passed=True, description=f"version {version} is the champion itself")
    return comparison_with_champion(
        None if champion is None else _load(platform, champion), _load(platform, version), read_test_rows(platform.lake)
    )


@dg.asset_check(asset=registered_model, blocking=True)
def is_calibrated(context: dg.AssetCheckExecutionContext, platform: PlatformResource) -> dg.AssetCheckResult:
    """Probabilities on the test split add up to the frauds, within a tenth and the noise of the days."""
    return calibration_on(_load(platform, _registered_version(context)), read_test_rows(platform.lake))


@dg.asset_check(asset=registered_model, blocking=True)
def stream_features_match_batch(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
    """The features that the scorer computes are those that the version was trained on, as compared last."""
    return parity_so_far(latest_evaluation(context.instance, PARITY))


@dg.asset_check(asset=registered_model, blocking=True)
def reproduces_reference_scores(
    context: dg.AssetCheckExecutionContext, platform: PlatformResource
) -> dg.AssetCheckResult:
    """As MLflow gives it back, the version loads, fits the features and scores its reference rows as before."""
    try:
        _load(platform, _registered_version(context)).verify(feature_set_hash())
    except ModelError as error:
        return dg.AssetCheckResult(passed=False, description=str(error))
    return dg.AssetCheckResult(passed=True)


@dg.asset_check(asset=registered_model, blocking=True)
def scores_within_latency_budget(
    context: dg.AssetCheckExecutionContext, platform: PlatformResource
) -> dg.AssetCheckResult:
    """The version scores a transaction within its share of the scorer's time."""
    return latency_of(_load(platform, _registered_version(context)))


GATE = tuple(
    check.check_key
    for check in (
        beats_the_champion,
        is_calibrated,
        stream_features_match_batch,
        reproduces_reference_scores,
        scores_within_latency_budget,
    )
)
"""The checks that a version must have passed before it is promoted."""


def _registered_version(context: dg.AssetCheckExecutionContext) -> int:
    return last_materialisation(context, REGISTERED)["version"]


def _load(platform: PlatformResource, version: int) -> "ModelBundle":
    from fraud_platform.core.scoring import ModelBundle

    return ModelBundle.load(platform.registry.download(version))
