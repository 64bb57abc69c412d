"""How often is drift told of a world that does not change, and is a change told? `python benchmarks/drift.py`.

Simulated days with the platform's features. The reference is that of two weeks, as training keeps it of validation and
test; each later day is compared with it as it is, and once more with amounts in another currency. Then the time that a
million rows take. Scores stand on a model that is fitted on the days before.

Merchants' fraud shares are counted apart: the simulator's frauds come in campaigns, so they do change.
"""

import argparse
import json
import time
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from catboost import CatBoostClassifier

from fraud_platform.core.arrays import Bools, Floats
from fraud_platform.core.benchmark.features import labelled_rows
from fraud_platform.core.monitoring.drift import LEAST_PSI, LEVEL, FeatureCounts, feature_drift, score_drift
from fraud_platform.core.monitoring.reference import DriftReference, drift_reference
from fraud_platform.core.monitoring.two_samples import benjamini_hochberg
from fraud_platform.core.simulation.days import simulate_day
from fraud_platform.core.simulation.world import World
from fraud_platform.core.training.dataset import DatedRows
from fraud_platform.declared import DECLARATION, FEATURE_SET

FIRST_DAY = date(2026, 1, 1)
FITTED_DAYS, REFERENCE_DAYS = 45, 14
"""The first days are left out of both: features that look back 30 days grow until then."""
LABEL_DELAY_DAYS, ALERTS = 7, 0.005
RATE = 1.1
"""Of another currency, by which amounts are multiplied."""
MILLION = 1_000_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=2_000)
    parser.add_argument("--days", type=int, default=60, help="that are compared")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="write the results there, too")
    options = parser.parse_args()
    rows = simulated_rows(options.customers, FITTED_DAYS + REFERENCE_DAYS + options.days, options.seed)
    text = json.dumps(measure(rows), indent=2)
    print(text)
    if options.json:
        options.json.write_text(text + "\n")


def simulated_rows(customers: int, days: int, seed: int) -> DatedRows:
    world = World(seed, customers=customers)
    made = [simulate_day(world, FIRST_DAY + timedelta(days=n)) for n in range(days)]
    return labelled_rows(DECLARATION, "merchant_id", pd.concat(made, ignore_index=True), LABEL_DELAY_DAYS)


def measure(rows: DatedRows) -> dict[str, Any]:
    features = np.ascontiguousarray(rows.features[:, : len(FEATURE_SET.names)])
    day = (rows.days - rows.days.min()).astype(int)
    fitted, reference_rows = day < FITTED_DAYS, (day >= FITTED_DAYS) & (day < FITTED_DAYS + REFERENCE_DAYS)
    model = CatBoostClassifier(iterations=200, depth=6, random_seed=1, verbose=False, allow_writing_files=False)
    model.fit(features[fitted], rows.labels[fitted])
    probabilities = model.predict_proba(features)[:, 1]
    threshold = float(np.quantile(probabilities[reference_rows], 1 - ALERTS))
    alerts = probabilities >= threshold
    reference = reference_of(features, day, probabilities, alerts, reference_rows)
    compared = range(FITTED_DAYS + REFERENCE_DAYS, int(day.max()) + 1)
    false_features, false_scores = Counter[str](), Counter[str]()
    days_with, of_others = 0, Counter[str]()
    risks = {one.feature.name for one in FEATURE_SET.matured_features if one.feature.unit == "share"}
    for each in compared:
        that = day == each
        told = features_of(reference, features[that])
        drifted = [row["feature"] for row in told if row["drifted"]]
        false_features.update(drifted)
        days_with += bool(drifted)
        of_others.update(ways_to_be_told(told, risks))
        scores = score_drift(reference, probabilities[that], int(alerts[that].sum()))
        false_scores.update(row["measure"] for row in scores if row["drifted"])
    return {
        "rows_a_day": round(float(np.mean(np.bincount(day)))),
        "features": features.shape[1],
        "days": len(compared),
        "comparisons": len(compared) * features.shape[1],
        "told_of_features": dict(false_features),
        "days_with_a_feature_told_of": days_with,
        "days_with_a_feature_but_for_fraud_shares": {
            way: of_others[way] for way in ("both", "test alone", "index alone", "index over 0.1")
        },
        "fraud_share": {
            "reference": round(float(rows.labels[reference_rows].mean()), 5),
            "compared": [round(float(rows.labels[(day >= d) & (day < d + 10)].mean()), 5) for d in compared[::10]],
        },
        "told_of_scores": dict(false_scores),
        "amounts_changed_by": RATE,
        **change(reference, rows, features, day >= compared[0]),
        "seconds_of_a_million_rows": seconds_of_a_million(reference, features),
    }


def ways_to_be_told(told: list[dict[str, Any]], risks: set[str]) -> set[str]:
    """By which of the two conditions, or both, a day has a feature that is told of; fraud shares left out."""
    by_test = benjamini_hochberg(np.array([row["p_value"] for row in told]), LEVEL)
    others = [(row, bool(real)) for row, real in zip(told, by_test, strict=True) if row["feature"] not in risks]
    ways = {
        "both": [row["drifted"] for row, _ in others],
        "test alone": [real for _, real in others],
        "index alone": [row["psi"] > row["threshold"] for row, _ in others],
        "index over 0.1": [row["psi"] > LEAST_PSI for row, _ in others],
    }
    return {way for way, found in ways.items() if any(found)}


def reference_of(
    features: Floats, day: np.ndarray, probabilities: Floats, alerts: Bools, chosen: Bools
) -> DriftReference:
    part = [features[chosen]]
    return drift_reference(FEATURE_SET.features, part, part, (), day[chosen], probabilities[chosen], alerts[chosen])


def features_of(reference: DriftReference, features: Floats) -> list[dict[str, Any]]:
    counts = FeatureCounts(reference, FEATURE_SET.features)
    counts.add(features, features)
    return feature_drift(counts, ())


def change(reference: DriftReference, rows: DatedRows, features: Floats, later: Bools) -> dict[str, Any]:
    """Which share of days tells of amounts in another currency, and of a field that is no longer sent."""
    amount = FEATURE_SET.names.index("amount")
    told = Counter[str]()
    days = np.unique(rows.days[later])
    for each in days:
        of_day = features[rows.days == each]
        for name, values in (
            ("doubled", of_day[:, amount] * 2),
            ("rate", of_day[:, amount] * RATE),
            ("default", np.full(len(of_day), FEATURE_SET.features[amount].default)),
        ):
            changed = of_day.copy()
            changed[:, amount] = values
            told[name] += next(row["drifted"] for row in features_of(reference, changed) if row["feature"] == "amount")
    return {f"told_of_amount_{name}": told[name] / len(days) for name in ("doubled", "rate", "default")}


def seconds_of_a_million(reference: DriftReference, features: Floats) -> float:
    million = features[np.arange(MILLION) % len(features)]
    started = time.perf_counter()
    features_of(reference, million)
    return round(time.perf_counter() - started, 2)


if __name__ == "__main__":
    main()
