"""What an alert's reasons cost: CPU time of one thread, by the table and by CatBoost's own function.

PYTHONPATH=. .venv/bin/python benchmarks/reasons.py
"""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
from catboost import CatBoostClassifier, Pool

from benchmarks.scorer_load import bundle
from fraud_platform.core.benchmark.features import labelled_rows
from fraud_platform.core.shap import shap_table
from fraud_platform.core.simulation.days import simulate_day
from fraud_platform.core.simulation.world import World
from fraud_platform.declared import DECLARATION, FEATURE_SET

TREES, REPEATS = 200, 5
WORLD, FIRST_DAY, DAYS = World(seed=11, customers=300, merchants=200), date(2026, 3, 1), 20


def main() -> None:
    """Print one line for each number of alerts."""
    features, labels = training_rows()
    model = CatBoostClassifier(iterations=TREES, random_seed=1, verbose=False, allow_writing_files=False)
    model.fit(features, labels)
    model.set_feature_names(list(FEATURE_SET.names))
    scored = replace(bundle(model, features), thread_count=1)
    print(f"table of {TREES} trees: {_cpu_ms(lambda: shap_table(model)):.0f} ms")
    riskiest = features[np.argsort(-scored.score(features), kind="stable")]
    for count in (1, 10, 100):
        alerts = riskiest[:count]
        pool = Pool(alerts, feature_names=list(FEATURE_SET.names))
        table = _cpu_ms(lambda alerts=alerts: scored.reasons(alerts))
        catboost = _cpu_ms(lambda pool=pool: model.get_feature_importance(pool, type="ShapValues", thread_count=1))
        print(
            f"{count:>4} alerts: {table / count:.3f} ms each, {catboost / count:.3f} ms by CatBoost without the words"
        )


def training_rows() -> tuple[np.ndarray, np.ndarray]:
    """Features (n, F) and labels (n,) of a small world."""
    days = [simulate_day(WORLD, FIRST_DAY + timedelta(days=n)) for n in range(DAYS)]
    rows = labelled_rows(DECLARATION, "merchant_id", pd.concat(days, ignore_index=True), delay_days=7)
    return rows.features[:, : len(FEATURE_SET.names)], rows.labels


def _cpu_ms(work: Callable[[], object]) -> float:
    """The best of some repeats."""
    times = []
    for _ in range(REPEATS):
        started = time.thread_time()
        work()
        times.append(time.thread_time() - started)
    return min(times) * 1000


if __name__ == "__main__":
    main()
