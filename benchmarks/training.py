"""How long does a training run take? `python benchmarks/training.py --rows 400000 --trials 20`.

Simulated transactions with the platform's features, split by time as in the asset
training_set; then SMOTE, all candidates, calibration, thresholds and evaluation. With
trials, once more with the search before it.
"""

import argparse
import json
import os
import time
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from fraud_platform.core.benchmark.features import labelled_rows
from fraud_platform.core.simulation.days import simulate_day
from fraud_platform.core.simulation.world import World
from fraud_platform.core.training.dataset import Dataset, DatedRows
from fraud_platform.core.training.params import TrainingParams
from fraud_platform.core.training.resample import smote
from fraud_platform.core.training.split import time_split
from fraud_platform.core.training.train import TrainedModels, train_candidates
from fraud_platform.declared import DECLARATION, FEATURE_SET
from fraud_platform.settings import Settings

DAYS = 60
DAILY_TRANSACTIONS_PER_CUSTOMER = 1.3
FIRST_DAY = date(2026, 1, 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=400_000, help="of the three splits together")
    parser.add_argument("--trials", type=int, default=20, help="of a second run with a search; 0 leaves it out")
    parser.add_argument("--json", type=Path, help="write the results there, too")
    options = parser.parse_args()
    params = TrainingParams.of(Settings())
    splits = split_rows(simulated_rows(options.rows, params), params)
    results: dict[str, Any] = {
        "cores": os.cpu_count(),
        "rows": sum(len(part.labels) for part in splits),
        "frauds": int(sum(part.labels.sum() for part in splits)),
        "runs": [run(splits, replace(params, search_trials=trials)) for trials in sorted({0, options.trials})],
    }
    text = json.dumps(results, indent=2)
    print(text)
    if options.json:
        options.json.write_text(text + "\n")


def simulated_rows(rows: int, params: TrainingParams) -> DatedRows:
    """Days of transactions, of which about `rows` fall into the three splits."""
    used = DAYS - 3 * params.label_delay_days
    world = World(params.seed, customers=round(rows / used / DAILY_TRANSACTIONS_PER_CUSTOMER))
    days = [simulate_day(world, FIRST_DAY + timedelta(days=n)) for n in range(DAYS)]
    labelled = labelled_rows(DECLARATION, "merchant_id", pd.concat(days, ignore_index=True), params.label_delay_days)
    return replace(labelled, features=labelled.features[:, : len(FEATURE_SET.names)])


def split_rows(rows: DatedRows, params: TrainingParams) -> tuple[DatedRows, DatedRows, DatedRows]:
    """Train, validation and test."""
    as_of = FIRST_DAY + timedelta(days=DAYS)
    split = time_split(as_of, FIRST_DAY, params.label_delay_days, params.validation_days, params.test_days)
    train, validation, test = (
        rows.select(part.contains(rows.days)) for part in (split.train, split.validation, split.test)
    )
    return train, validation, test


def run(splits: tuple[DatedRows, DatedRows, DatedRows], params: TrainingParams) -> dict[str, Any]:
    """Seconds of one training run, and what its main model is worth."""
    started = time.perf_counter()
    trained = train(splits, params)
    return {
        "trials": params.search_trials,
        "seconds": round(time.perf_counter() - started, 1),
        "average_precision": round(trained.main.test.average_precision, 4),
        "probability_ratio": round(trained.main.test.probability_ratio, 3),
    }


def train(splits: tuple[DatedRows, DatedRows, DatedRows], params: TrainingParams) -> TrainedModels:
    """Resample, then train all candidates; progress is printed with the seconds since the start."""
    rows, validation, test = splits
    resampled = smote(rows.features, rows.labels, params.smote_ratio, params.seed, FEATURE_SET.categories)
    dataset = Dataset(FEATURE_SET, resampled, validation, test)
    started = time.perf_counter()

    def tell(line: str) -> None:
        print(f"{time.perf_counter() - started:6.1f} s  {line}", flush=True)

    return train_candidates(dataset, params, tell, model_name="benchmark", snapshot={})


if __name__ == "__main__":
    main()
