"""The evidence that a registered version is judged by: from bundles and test rows to the result of a check."""

import time
from typing import TYPE_CHECKING

import dagster as dg
import numpy as np

from fraud_platform.core.arrays import Floats
from fraud_platform.core.training.dataset import DatedRows

if TYPE_CHECKING:
    from fraud_platform.core.scoring import ModelBundle

CALIBRATION_FACTOR = 2.0
"""Probabilities may add up to this many times too many or too few frauds; undone SMOTE shows as 5 to 10 times."""
LATENCY_BUDGET_US = 10.0
"""Microseconds a row: at the scorer's 30,000 transactions a second, a third of its time."""
LATENCY_ROWS, LATENCY_REPEATS = 5_000, 5


def comparison_with_champion(
    champion: "ModelBundle | None", challenger: "ModelBundle", test: DatedRows
) -> dg.AssetCheckResult:
    """Both models score the same test rows, and the challenger must rank them better."""
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

    comparison = compare(champion.score(test.features), challenger.score(test.features), test.labels, test.days)
    return dg.AssetCheckResult(
        passed=comparison.challenger_wins,
        metadata={
            "champion_average_precision": comparison.champion,
            "challenger_average_precision": comparison.challenger,
            "transactions": len(test.labels),
            "frauds": int(test.labels.sum()),
        },
        description=str(comparison),
    )


def calibration_on(bundle: "ModelBundle", test: DatedRows) -> dg.AssetCheckResult:
    """In total off by less than CALIBRATION_FACTOR, and by less than the fraud rate in the mean over score bins."""
    from fraud_platform.core.training.calibrate import expected_calibration_error, probability_ratio

    probabilities = bundle.score(test.features)
    ratio, error = probability_ratio(probabilities, test.labels), expected_calibration_error(probabilities, test.labels)
    fraud_rate = float(test.labels.mean())
    return dg.AssetCheckResult(
        passed=1 / CALIBRATION_FACTOR < ratio < CALIBRATION_FACTOR and error < fraud_rate,
        metadata={"probability_ratio": ratio, "expected_calibration_error": error, "fraud_rate": fraud_rate},
        description=(
            f"probabilities add up to {ratio:.2f} times the frauds (allowed: 1/{CALIBRATION_FACTOR:g} to "
            f"{CALIBRATION_FACTOR:g}); mean error {error:.5f} (allowed: the fraud rate, {fraud_rate:.5f})"
        ),
    )


def latency_of(bundle: "ModelBundle", budget_us: float = LATENCY_BUDGET_US) -> dg.AssetCheckResult:
    """Microseconds a row to score a batch of 5,000; the best of five, so that a busy machine fails no model."""
    rows = np.resize(bundle.reference_features, (LATENCY_ROWS, bundle.reference_features.shape[1]))
    best_us = min(_score_seconds(bundle, rows) for _ in range(LATENCY_REPEATS)) / LATENCY_ROWS * 1e6
    return dg.AssetCheckResult(
        passed=best_us <= budget_us,
        metadata={"microseconds_per_row": best_us, "budget_microseconds_per_row": budget_us},
        description=f"{best_us:.1f} µs a row, {budget_us:g} allowed",
    )


def _score_seconds(bundle: "ModelBundle", rows: Floats) -> float:
    started = time.perf_counter()
    bundle.score(rows)
    return time.perf_counter() - started
