"""Has a day's input, or what a model makes of it, left the reference in the model's bundle? Counts in, rows out.

Two things have to hold, since either alone is a false alarm by design:

- The shift is beyond chance, by Kolmogorov and Smirnov's test. It counts rows for what they are worth where days differ
  by themselves, and is held to LEVEL over all features of a day by Benjamini and Hochberg.
- It matters: the stability index is beyond the textbook's limit, and well beyond that of the reference's own days, as
  weekdays differ. Of a million rows every trifle is beyond chance.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from fraud_platform.core.arrays import Floats, Ints
from fraud_platform.core.features.declaration import Feature
from fraud_platform.core.monitoring.reference import Bins, DriftReference
from fraud_platform.core.monitoring.two_samples import (
    benjamini_hochberg,
    kolmogorov_smirnov,
    population_stability_index,
    share_difference,
)

LEVEL = 0.001
"""Of a day without any change, the probability that the test flags a feature."""
LEAST_PSI = 0.1
"""Siddiqi's limit of a shift that is to be looked at."""
USUAL_FACTOR = 2.0
"""A day counts where its index is over so many times the largest of the reference's own days."""
ALERT_FACTOR, USUAL_ALERT_FACTOR = 2.0, 1.25
"""The same of the share of alerts: against all of the reference, and against its most unusual day."""
LEAST_REJECTED = 0.01
"""A smaller share of messages that are rejected is no drift."""
REJECTED = "rejected messages"
"""In the place of a feature, whose name has no space."""
PROBABILITY, ALERTS = "probability", "alerts"

_COMPARED = [
    ("rows", pa.int64()),
    ("psi", pa.float64()),
    ("statistic", pa.float64()),
    ("p_value", pa.float64()),
    ("threshold", pa.float64()),
    ("drifted", pa.bool_()),
]
_OF_WHAT = [("date", pa.date32()), ("model_version", pa.int32()), ("feature_set", pa.string())]
FEATURE_DRIFT = pa.schema(
    [
        *_OF_WHAT,
        ("feature", pa.string()),
        *_COMPARED,
        ("default_share", pa.float64()),
        ("reference_default_share", pa.float64()),
        ("missing_share", pa.float64()),
        ("unseen_share", pa.float64()),
    ]
)
"""A row for each feature of the model; `threshold` is of `psi`. `unseen_share`: of values that training never had, null
where the feature is no category. In the row REJECTED `rows` are messages, `missing_share` is the share of them that was
rejected, and `threshold` is the one that it may reach."""
SCORE_DRIFT = pa.schema(
    [*_OF_WHAT, ("measure", pa.string()), *_COMPARED, ("value", pa.float64()), ("reference", pa.float64())]
)
"""`measure` is `probability`, whose `threshold` is of `psi`, or `alerts`: there `value` and `reference` are shares of
transactions, `threshold` is the share that `value` may reach, and `statistic` is in standard errors."""


@dataclass
class FeatureCounts:
    """Rows of a day by bin, which can be counted a part at a time."""

    reference: DriftReference
    features: Sequence[Feature]
    rows: int = 0

    def __post_init__(self) -> None:
        self.bins: list[Ints] = [np.zeros(len(bins.shares), np.int64) for bins in self.reference.features]
        self.defaults = np.zeros(len(self.features), np.int64)

    def add(self, values: Floats, coded: Floats) -> None:
        """Count feature rows (n, F); coded: the same with the model's codes in the place of categories."""
        self.rows += len(values)
        for place, bins in enumerate(self.reference.features):
            self.bins[place] += bins.count(coded[:, place])
            self.defaults[place] += np.count_nonzero(values[:, place] == self.features[place].default)


def feature_drift(counts: FeatureCounts, categories: Sequence[str]) -> list[dict[str, Any]]:
    """A row of FEATURE_DRIFT, without _OF_WHAT, for each feature; categories: names of the features that are one."""
    reference = counts.reference
    rows = []
    for feature, bins, found, defaults in zip(
        counts.features, reference.features, counts.bins, counts.defaults.tolist(), strict=True
    ):
        rows.append(
            {
                "feature": feature.name,
                **_shift(found, bins, reference.rows),
                "default_share": defaults / counts.rows,
                "reference_default_share": bins.default_share,
                "missing_share": int(found[-1]) / counts.rows,
                "unseen_share": int(found[0]) / counts.rows if feature.name in categories else None,
            }
        )
    return _judged(rows)


def rejection_drift(rejected: int, messages: int, reference_rejected: int, reference_messages: int) -> dict[str, Any]:
    """The row REJECTED of FEATURE_DRIFT, without _OF_WHAT, by the messages of the day and of the reference's days."""
    usual, share = reference_rejected / reference_messages, rejected / messages
    distance, p_value = share_difference(rejected, messages, usual, reference_messages)
    limit = max(LEAST_REJECTED, ALERT_FACTOR * usual)
    return {
        "feature": REJECTED,
        "rows": messages,
        "psi": None,
        "statistic": distance,
        "p_value": p_value,
        "threshold": limit,
        "drifted": p_value <= LEVEL and share > limit,
        "missing_share": share,
    }


def score_drift(reference: DriftReference, probabilities: Floats, alerts: int) -> list[dict[str, Any]]:
    """The two rows of SCORE_DRIFT, without _OF_WHAT, of a version's probabilities (n,) and the alerts among them."""
    rows = len(probabilities)
    shift = _shift(reference.scores.count(probabilities), reference.scores, reference.rows)
    effect, share = reference.alert_design_effect, alerts / rows
    distance, p_value = share_difference(alerts / effect, rows / effect, reference.alert_share, reference.rows / effect)
    of_alerts = {
        "measure": ALERTS,
        "rows": rows,
        "psi": None,
        "statistic": distance,
        "p_value": p_value,
        "threshold": _alert_limit(reference, share),
        "value": share,
        "reference": reference.alert_share,
    }
    return _judged([{"measure": PROBABILITY, **shift, "value": None, "reference": None}, of_alerts])


def _shift(counts: Ints, bins: Bins, reference_rows: int) -> dict[str, Any]:
    expected = np.asarray(bins.shares) * reference_rows
    statistic, p_value = kolmogorov_smirnov(counts / bins.design_effect, expected / bins.design_effect)
    return {
        "rows": int(counts.sum()),
        "psi": population_stability_index(counts, expected),
        "statistic": statistic,
        "p_value": p_value,
        "threshold": max(LEAST_PSI, USUAL_FACTOR * bins.usual_psi),
    }


def _alert_limit(reference: DriftReference, share: float) -> float:
    smallest, largest = reference.usual_alert_shares
    if share < reference.alert_share:
        return min(reference.alert_share / ALERT_FACTOR, smallest / USUAL_ALERT_FACTOR)
    return max(reference.alert_share * ALERT_FACTOR, largest * USUAL_ALERT_FACTOR)


def _judged(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    beyond_chance = benjamini_hochberg(np.array([row["p_value"] for row in rows]), LEVEL)
    return [{**row, "drifted": bool(real) and _matters(row)} for row, real in zip(rows, beyond_chance, strict=True)]


def _matters(row: dict[str, Any]) -> bool:
    if row["psi"] is not None:
        return row["psi"] > row["threshold"]
    share, limit = row["value"], row["threshold"]
    return share < limit if share < row["reference"] else share > limit
