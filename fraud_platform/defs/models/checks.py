"""What a candidate promises, and the gate: what a registered version must have passed before it meets customers."""

from collections.abc import Callable, Iterator
from functools import cached_property, partial, wraps
from inspect import getdoc
from typing import TYPE_CHECKING

import dagster as dg
from pydantic import Field

from fraud_platform.declared import FEATURE_SET
from fraud_platform.defs.metadata import last_materialisation
from fraud_platform.defs.models.assets import candidate_models
from fraud_platform.defs.models.candidate_run import CANDIDATES, REGISTERED
from fraud_platform.defs.models.gate import VERSION, fresh_parity_evaluation
from fraud_platform.errors import ModelError
from fraud_platform.operations.aliases import CHAMPION
from fraud_platform.operations.gate_evidence import (
    Evidence,
    alert_rate_on,
    calibration_on,
    comparison_with_champion,
    enough_frauds,
    lacks_a_class,
    latency_of,
    later_rows,
    no_worse_than_simpler,
    parity_evidence,
)
from fraud_platform.operations.parity import recent_parity
from fraud_platform.pipeline.training_rows import read_test_rows
from fraud_platform.resources.platform import PlatformResource
from fraud_platform.storage.clock import now_ms

if TYPE_CHECKING:
    from fraud_platform.core.model_bundle import ModelBundle
    from fraud_platform.core.training.dataset import DatedRows


@dg.asset_check(asset=candidate_models)
def main_model_beats_references(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
    """The model that is shipped ranks the test split better than every simpler one; otherwise a warning."""
    latest = last_materialisation(context, CANDIDATES)
    precision, main = latest["average_precision"], latest["main_model"]
    others = {name: value for name, value in precision.items() if name != main}
    better = [f"{name} {value:.4f}" for name, value in others.items() if value >= precision[main]]
    compared = f"{main} {precision[main]:.4f}; at least as good: {', '.join(better) or 'none'} of {len(others)}"
    return dg.AssetCheckResult(
        passed=bool(others) and not better,
        severity=dg.AssetCheckSeverity.WARN,
        description=compared if others else "there was nothing to beat: train with references, see its configuration",
    )


class JudgedVersion(dg.Config):
    """The version that the gate judges."""

    version: int | None = Field(None, ge=1, description="Version of the registered model; the newest by default.")


class Judged:
    """A version and what it is held against, each read when a check first asks for it."""

    def __init__(self, context: dg.AssetCheckExecutionContext, platform: PlatformResource, version: int) -> None:
        self.version = version
        self.platform = platform
        self.instance = context.instance

    @cached_property
    def bundle(self) -> "ModelBundle":
        """Raises ModelError where the version does not load as it was registered."""
        return _load(self.platform, self.version)

    @cached_property
    def champion_version(self) -> int | None:
        return self.platform.registry.version(CHAMPION)

    @cached_property
    def champion(self) -> "ModelBundle | None":
        return None if self.champion_version is None else _load(self.platform, self.champion_version)

    @cached_property
    def test_rows(self) -> "DatedRows":
        return read_test_rows(self.platform.lake)


def _on_later_rows(judge: Callable[[Judged], Evidence]) -> Callable[[Judged], Evidence]:
    """Evidence from test rows counts only where the version was not fitted on their days, and both classes are in."""

    @wraps(judge)
    def judged(model: Judged) -> Evidence:
        reason = later_rows(model.bundle, model.test_rows) or lacks_a_class(model.test_rows)
        return judge(model) if reason is None else Evidence(False, reason)

    return judged


def has_enough_frauds(model: Judged) -> Evidence:
    """Validation, where the threshold was chosen, and test have 30 frauds each on cards that were not blocked."""
    return enough_frauds(model.bundle, model.test_rows)


def ranks_no_worse_than_references_and_rules(model: Judged) -> Evidence:
    """No reference of its training ranked the test split better beyond the noise of its days, nor do the rules."""
    return no_worse_than_simpler(model.bundle, model.champion_version is not None, model.test_rows)


def stays_under_the_alert_rate_limit(model: Judged) -> Evidence:
    """At the threshold by which the scorer would decide, the share of alerts on the test split is under the alarm's."""
    settings = model.platform.settings
    return alert_rate_on(model.bundle, model.test_rows, settings.fraud_threshold, settings.alert_rate_limit)


def beats_the_champion(model: Judged) -> Evidence:
    """The version ranks the test split better than the champion, beyond the noise of its days, and saves as much."""
    if model.version == model.champion_version:
        return Evidence(True, f"version {model.version} is the champion itself")
    try:
        champion = model.champion
    except ModelError as error:
        return Evidence(
            False, f"not comparable: the champion, version {model.champion_version}, does not load: {error}"
        )
    return comparison_with_champion(champion, model.bundle, model.test_rows)


def is_calibrated(model: Judged) -> Evidence:
    """Probabilities on the test split add up to the frauds, within a tenth and the noise of the days."""
    return calibration_on(model.bundle, model.test_rows)


def stream_features_match_batch(model: Judged) -> Evidence:
    """The features that the scorer computes are those that the version was trained on, compared within the last hours.

    The last result of `features_match_stream` is taken where it is young enough; otherwise a
    sample of the newest predictions is compared now.
    """
    if model.champion_version is None:
        return Evidence(True, "there is no champion, so nothing has been streamed yet")
    max_age_hours = model.platform.settings.parity_max_age_hours
    since_ms = now_ms() - int(max_age_hours * 3_600_000)
    if (last := fresh_parity_evaluation(model.instance, since_ms)) is not None:
        return Evidence(last.passed, last.description or "", dict(last.metadata))
    result = recent_parity(model.platform.settings, model.platform.lake, since_ms)
    return parity_evidence(result, max_age_hours)


def reproduces_reference_scores(model: Judged) -> Evidence:
    """As MLflow gives it back, the version has the digest it was registered with, fits the features and its scores."""
    model.bundle.verify()
    return Evidence(True, f"{len(model.bundle.reference_features)} reference rows get the scores of the training")


def scores_within_latency_budget(model: Judged) -> Evidence:
    """The version scores a transaction within its share of the scorer's time."""
    return latency_of(model.bundle)


CHECKS: dict[str, Callable[[Judged], Evidence]] = {
    "reproduces_reference_scores": reproduces_reference_scores,
    "has_enough_frauds": _on_later_rows(has_enough_frauds),
    "ranks_no_worse_than_references_and_rules": _on_later_rows(ranks_no_worse_than_references_and_rules),
    "stays_under_the_alert_rate_limit": _on_later_rows(stays_under_the_alert_rate_limit),
    "beats_the_champion": _on_later_rows(beats_the_champion),
    "is_calibrated": _on_later_rows(is_calibrated),
    "stream_features_match_batch": stream_features_match_batch,
    "scores_within_latency_budget": scores_within_latency_budget,
}
GATE = tuple(dg.AssetCheckKey(REGISTERED, name) for name in CHECKS)
"""The checks that a version must have passed before it meets customers."""


@dg.multi_asset_check(
    name="gate",
    description="Judges a registered version: all of its promises, or those that are selected.",
    specs=[
        dg.AssetCheckSpec(name, asset=REGISTERED, blocking=True, description=getdoc(check))
        for name, check in CHECKS.items()
    ],
    can_subset=True,
)
def gate(
    context: dg.AssetCheckExecutionContext, config: JudgedVersion, platform: PlatformResource
) -> Iterator[dg.AssetCheckResult]:
    """Every result names the version that it is about; that version alone it counts for."""
    version = config.version or int(last_materialisation(context, REGISTERED)["version"])
    judged = Judged(context, platform, version)
    selected = {key.name for key in context.selected_asset_check_keys}
    for name in (name for name in CHECKS if name in selected):
        evidence = _judge(partial(CHECKS[name], judged))
        context.log.info("version %s: %s: %s", version, name, evidence.description)
        yield dg.AssetCheckResult(
            asset_key=REGISTERED,
            check_name=name,
            passed=evidence.passed,
            description=f"version {version}: {evidence.description}",
            metadata={**evidence.metadata, VERSION: version},
        )


def _judge(check: Callable[[], Evidence]) -> Evidence:
    """A version that does not load has failed every check; that is a result, and no failure of the run."""
    try:
        return check()
    except ModelError as error:
        return Evidence(False, str(error))


def _load(platform: PlatformResource, version: int) -> "ModelBundle":
    """Raises ModelError, also where it reads features that the declaration in force does not have."""
    from fraud_platform.storage.bundle_folder import load_bundle

    return load_bundle(platform.registry.download(version)).reading(FEATURE_SET.features)
