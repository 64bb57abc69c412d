"""The evidence that a registered version is judged by: from bundles and test rows to the result of a check."""

from dataclasses import asdict
from typing import TYPE_CHECKING

import dagster as dg
import numpy as np

from fraud_platform.core.training.dataset import DatedRows

if TYPE_CHECKING:
    from fraud_platform.core.scoring import ModelBundle

CALIBRATION_TOLERANCE = 0.1
"""Share of the frauds that probabilities may add up to too many or too few, apart from the days' noise."""
CALIBRATION_ERROR = 0.005
"""Allowed mean gap between probability and fraud rate over bins of the score."""
PROMOTION_RULE = (
    "To win, a challenger needs the higher average precision and a mean daily gain above the margin (±: one-sided 95 % "
    "of Student's t over the days, both models on the same rows), and must not save less by more than the margin"
)
LATENCY_BUDGET_US = 10.0
"""Microseconds a row: at the scorer's 30,000 transactions a second, a third of its time."""


def comparison_with_champion(
    champion: "ModelBundle | None", challenger: "ModelBundle", test: DatedRows
) -> dg.AssetCheckResult:
    """Both models score the same test rows; the challenger must rank them better, beyond the noise of the days."""
    if champion is None:
        return dg.AssetCheckResult(passed=True, description="there is no champion to beat yet")
    if champion.card.feature_set != challenger.card.feature_set:
        return dg.AssetCheckResult(
            passed=True,
            severity=dg.AssetCheckSeverity.WARN,
            description=(
                f"the champion reads feature set {champion.card.feature_set}, which is computed no longer: "
                "it could not be compared"
            ),
        )
    from fraud_platform.core.training.compare import compare

    budget = challenger.card.alert_budget_per_day
    comparison = compare(champion.score(test.features), challenger.score(test.features), test, budget)
    measures = {f"{name}_{key}": value for name, paired in asdict(comparison).items() for key, value in paired.items()}
    labels = test.judged.labels
    counts = {"transactions": len(labels), "frauds": int(labels.sum()), "alert_budget_per_day": budget}
    return dg.AssetCheckResult(
        passed=comparison.challenger_wins,
        # Of a single day the margin is infinite, which JSON cannot say.
        metadata=counts | {name: value for name, value in measures.items() if np.isfinite(value)},
        description=f"{comparison}. {PROMOTION_RULE}",
    )


def calibration_on(bundle: "ModelBundle", test: DatedRows) -> dg.AssetCheckResult:
    """Sum of the probabilities within CALIBRATION_TOLERANCE of the frauds, and a mean error within CALIBRATION_ERROR.

    Some frauds more or less come by chance, on the test days and on those of validation that
    the curve was fitted on. So both may be off by the days' noise besides: the sum by that
    share of the frauds, the mean error by that share of the fraud rate.
    """
    from fraud_platform.core.training.calibrate import daily_noise, expected_calibration_error, probability_ratio

    probabilities = bundle.score(test.features)
    ratio, error = probability_ratio(probabilities, test.labels), expected_calibration_error(probabilities, test.labels)
    frauds = int(test.labels.sum())
    # The fewer frauds, the more noise: that of validation is the test days' scaled to its number of them.
    fitted_on = bundle.card.snapshot.get("splits", {}).get("validation", {}).get("frauds", float("inf"))
    noise = daily_noise(probabilities, test.labels, test.days) * float(np.sqrt(1 + frauds / fitted_on))
    allowed = CALIBRATION_ERROR + noise * float(test.labels.mean())
    numbers = {
        "probability_ratio": ratio,
        "noise_of_ratio": noise,
        "expected_calibration_error": error,
        "allowed_calibration_error": allowed,
    }
    return dg.AssetCheckResult(
        passed=abs(ratio - 1) <= CALIBRATION_TOLERANCE + noise and error <= allowed,
        # Of a single day the noise is infinite, which JSON cannot say.
        metadata={name: value for name, value in numbers.items() if np.isfinite(value)},
        description=(
            f"probabilities add up to {ratio:.2f} times the frauds (allowed: 1 ± {CALIBRATION_TOLERANCE:g}, and the "
            f"noise of the days, {noise:.2f}); mean error {error:.5f} (allowed: {CALIBRATION_ERROR:g}, and the noise, "
            f"{allowed:.5f} in all)"
        ),
    )


def parity_so_far(evaluation: dg.AssetCheckEvaluation | None) -> dg.AssetCheckResult:
    """Passes where the stream's features, compared last, were those of batch, and where none have been compared yet."""
    if evaluation is None:
        return dg.AssetCheckResult(passed=True, description="no predictions have been compared with batch yet")
    return dg.AssetCheckResult(
        passed=evaluation.passed, metadata=dict(evaluation.metadata), description=evaluation.description
    )


def latency_of(bundle: "ModelBundle", budget_us: float = LATENCY_BUDGET_US) -> dg.AssetCheckResult:
    """Passes where the bundle scores a row within the budget."""
    from fraud_platform.storage.scoring_speed import microseconds_per_row

    best_us = microseconds_per_row(bundle)
    return dg.AssetCheckResult(
        passed=best_us <= budget_us,
        metadata={"microseconds_per_row": best_us, "budget_microseconds_per_row": budget_us},
        description=f"{best_us:.1f} µs a row, {budget_us:g} allowed",
    )
