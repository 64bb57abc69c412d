"""Rows per second of the feature kernel on one core: `python benchmarks/kernel.py [rows]`."""

import json
import os
import statistics
import sys
import time

import numpy as np

from fraud_platform.core.features.declaration import DAY_MS
from fraud_platform.core.features.events import EVENT, NO_EVENTS, EventArray
from fraud_platform.core.features.kernel import customer_features
from fraud_platform.core.features.table import CUSTOMER_FEATURES

RUNS = 5


def events(rows: int, customers: int = 3000, days: int = 60) -> EventArray:
    """Transactions of customers with a few merchants and devices each, in arrival order."""
    rng = np.random.default_rng(20260101)
    made = np.zeros(rows, EVENT)
    made["customer"] = rng.integers(1, 2**62, customers)[rng.integers(0, customers, rows)]
    made["transaction"] = rng.integers(1, 2**62, rows)
    made["merchant"] = rng.integers(1, 2**62, 800)[rng.integers(0, 800, rows)]
    made["device"] = made["customer"] + rng.integers(0, 3, rows)
    made["time_ms"] = 1_767_225_600_000 + np.sort(rng.integers(0, days * DAY_MS, rows))
    made["amount_cents"] = rng.integers(1, 50_000, rows)
    made["latitude"], made["longitude"] = rng.normal(48, 1, rows), rng.normal(2, 1, rows)
    made["country"], made["channel"] = rng.integers(0, 30, rows), rng.integers(0, 5, rows)
    return made


def main(rows: int) -> None:
    sample = events(rows)
    customer_features(NO_EVENTS, sample)
    seconds = []
    for _ in range(RUNS):
        started = time.process_time()
        customer_features(NO_EVENTS, sample)
        seconds.append(time.process_time() - started)
    median = statistics.median(seconds)
    print(
        json.dumps(
            {
                "rows": rows,
                "features": len(CUSTOMER_FEATURES),
                "cpu_seconds_median": round(median, 3),
                "rows_per_second": round(rows / median),
                "runs": RUNS,
                "cores": os.cpu_count(),
                "numpy": np.__version__,
            }
        )
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 300_000)
