"""The evidence that a registered version is judged by: from bundles, test rows and predictions to a result."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from fraud_platform.core.training.dataset import DatedRows
from fraud_platform.operations.parity import StreamParity
from fraud_platform.storage.clock import as_text

if TYPE_CHECKING:
    from fraud_platform.core.model_bundle import ModelBundle

CALIBRATION_TOLERANCE = 0.1
"""Share of the frauds that probabilities may add up to too many or too few, apart from the days' noise."""
CALIBRATION_ERROR = 0.005
"""Allowed mean gap between probability and fraud rate over bins of the score."""
PROMOTION_RULE = (
    "To win, a challenger needs the higher average precision and a mean daily gain above the margin (±: one-sided 95 % "
    "of Student's t over the days, both models on the same rows), and must not save less by more than the margin"
)
MIN_FRAUDS = 30
"""In validation and in test, each: a share of n frauds is known to 1/√n (95 %, at worst), of 30 to 18 points. With
fewer, thresholds and averages follow single cards, and no model can be told from another."""
LATENCY_BUDGET_US = 10.0
"""Microseconds a row: at the scorer's 30,000 transactions a second, a third of its time."""


@dataclass(frozen=True)
class Evidence:
    """What one check found of a version."""

    passed: bool
    description: str
    metadata: Mapping[str, Any] = field(default_factory=dict)


def comparison_with_champion(champion: "ModelBundle | None", challenger: "ModelBundle", test: DatedRows) -> Evidence:
    """Both models score the same test rows, each by its own features of them.

    The challenger must rank them better, beyond the noise of the days.
    """
    if champion is None:
        return Evidence(True, "there is no champion to beat yet")
    from fraud_platform.core.training.compare import compare

    budget = challenger.card.alert_budget_per_day
    comparison = compare(champion.score(test.features), challenger.score(test.features), test, budget)
    measures = {f"{name}_{key}": value for name, paired in asdict(comparison).items() for key, value in paired.items()}
    labels = test.judged.labels
    counts = {"transactions": len(labels), "frauds": int(labels.sum()), "alert_budget_per_day": budget}
    return Evidence(
        passed=comparison.challenger_wins,
        # Of a single day the margin is infinite, which JSON cannot say.
        metadata=counts | {name: value for name, value in measures.items() if np.isfinite(value)},
        description=f"{comparison}. {PROMOTION_RULE}",
    )


def enough_frauds(bundle: "ModelBundle", test: DatedRows) -> Evidence:
    """MIN_FRAUDS on cards that were not blocked, both where the threshold was chosen and where models are judged."""
    found = {"validation": int(bundle.card.metrics.get("validation_frauds", 0)), "test": int(test.judged.labels.sum())}
    few = [name for name, frauds in found.items() if frauds < MIN_FRAUDS]
    counted = " and ".join(f"{frauds:,} in {name}" for name, frauds in found.items())
    known = f"frauds: {counted}; {MIN_FRAUDS} in each tell a share to {100 / np.sqrt(MIN_FRAUDS):.0f} points"
    way_out = f": wait for more days, or raise {' and '.join(f'{name.upper()}_DAYS' for name in few)}, and train again"
    return Evidence(not few, known + (way_out if few else ""), {f"{name}_frauds": n for name, n in found.items()})


def no_worse_than_simpler(bundle: "ModelBundle", has_champion: bool, test: DatedRows) -> Evidence:
    """By average precision no worse than the rules, and than the references of its training, beyond the days' noise.

    References are judged on the test rows of the training, on which they were scored; rules on those
    of now. Without references a version has to have a champion, which stands for them.
    """
    from fraud_platform.core.training.compare import compare_rankings, ranking
    from fraud_platform.core.training.rules import rule_scores, rules_for

    main, *references = bundle.card.rankings or [""]
    if not references and not has_champion:
        return Evidence(
            False, "it was trained without references, and there is no champion in their place: train with references"
        )
    names, rankings = [feature.name for feature in bundle.card.features], bundle.card.rankings
    compared = {}
    if rules_for(names):
        scores = rule_scores(bundle.own(test.features), names), bundle.score(test.features)
        of_rules, of_now = (ranking(of_model, test) for of_model in scores)
        compared["rule_set"] = compare_rankings(of_rules, of_now)
    compared |= {name: compare_rankings(rankings[name], rankings[main]) for name in references}
    if not compared:
        why = "trained without references, on features that tell no rule: the champion stands for both"
        return Evidence(has_champion, why)
    if any(paired.days < 2 for paired in compared.values()):
        return Evidence(False, "all frauds of the test split came on one day, which proves nothing: raise TEST_DAYS")
    told = (
        f"{'worse' if paired.worse else 'no worse'} than {name} ({paired.challenger:.3f} to {paired.champion:.3f}, "
        f"by day {paired.mean_difference:+.3f} ± {paired.margin:.3f})"
        for name, paired in compared.items()
    )
    return Evidence(
        passed=not any(paired.worse for paired in compared.values()),
        description="average precision " + "; ".join(told),
        metadata={f"average_precision_{name}": paired.champion for name, paired in compared.items()},
    )


def alert_rate_on(bundle: "ModelBundle", test: DatedRows, override: float | None, limit: float) -> Evidence:
    """The share of the test rows that would be alerts, those of blocked cards among them, is at most the limit.

    override: FRAUD_THRESHOLD, by which the scorer would decide instead of by the version's own threshold.
    """
    threshold = bundle.threshold if override is None else override
    count, alerts = len(test.labels), int(np.count_nonzero(bundle.score(test.features) >= threshold))
    share = alerts / count
    told = f"{alerts:,} of {count:,} test transactions are alerts at the threshold {threshold:.3g}: {share:.1%}"
    if share > limit:
        mend = "lower ALERT_BUDGET_PER_DAY or raise MIN_ALERT_PROBABILITY, and train again"
        mend = mend if override is None else "raise FRAUD_THRESHOLD, or leave it empty"
        told += f", over ALERT_RATE_LIMIT={limit:g}, at which the alarm would hold every promotion: {mend}"
    return Evidence(share <= limit, told, {"alerts": alerts, "transactions": count, "threshold": threshold})


def calibration_on(bundle: "ModelBundle", test: DatedRows) -> Evidence:
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
    return Evidence(
        passed=abs(ratio - 1) <= CALIBRATION_TOLERANCE + noise and error <= allowed,
        # Of a single day the noise is infinite, which JSON cannot say.
        metadata={name: value for name, value in numbers.items() if np.isfinite(value)},
        description=(
            f"probabilities add up to {ratio:.2f} times the frauds (allowed: 1 ± {CALIBRATION_TOLERANCE:g}, and the "
            f"noise of the days, {noise:.2f}); mean error {error:.5f} (allowed: {CALIBRATION_ERROR:g}, and the noise, "
            f"{allowed:.5f} in all)"
        ),
    )


def later_rows(bundle: "ModelBundle", test: DatedRows) -> str | None:
    """Why the test rows prove nothing about a version: it has seen days of them. None where they are later."""
    fitted_until = bundle.card.snapshot.get("splits", {}).get("validation", {}).get("end_day")
    if (
        fitted_until is None
        or len(test.days) == 0
        or test.days.min() >= np.datetime64(date.fromisoformat(fitted_until))
    ):
        return None
    return (
        f"the training set in the lake now tests from {test.days.min()} on, and the version was fitted on days "
        f"before {fitted_until}: materialise training_set for the version's own days, and judge it again"
    )


def lacks_a_class(test: DatedRows) -> str | None:
    """Why the test rows measure nothing; None where both classes are among those of cards that were not blocked."""
    frauds, rows = int(test.judged.labels.sum()), len(test.judged.labels)
    if 0 < frauds < rows:
        return None
    return (
        f"the training set in the lake now has {frauds} frauds in {rows:,} test transactions of cards that were not "
        "blocked, and both classes are needed: materialise training_set for more days, or raise TEST_DAYS"
    )


def parity_evidence(result: StreamParity, max_age_hours: float) -> Evidence:
    """Passes where rows that were scored within the last hours were compared, and all of them agree."""
    metadata: dict[str, Any] = {"compared": result.parity.rows, "max_difference": result.parity.max_difference}
    if result.newest_scored_at_ms is None:
        return Evidence(
            False,
            f"{result}, of the last {max_age_hours:g} hours (PARITY_MAX_AGE_HOURS): materialise transaction_features "
            "of days that the scorer has scored, or run verify_predictions",
            metadata,
        )
    return Evidence(result.holds, f"{result}; scored until {as_text(result.newest_scored_at_ms)} UTC", metadata)


def latency_of(bundle: "ModelBundle", budget_us: float = LATENCY_BUDGET_US) -> Evidence:
    """Passes where the bundle scores a row within the budget."""
    from fraud_platform.operations.scoring_latency import microseconds_per_row

    best_us = microseconds_per_row(bundle)
    return Evidence(
        passed=best_us <= budget_us,
        description=f"{best_us:.1f} µs a row, {budget_us:g} allowed",
        metadata={"microseconds_per_row": best_us, "budget_microseconds_per_row": budget_us},
    )
