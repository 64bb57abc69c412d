"""How fast a model scores: measured before it is promoted, and again by the scorer that is to serve it."""

import time

import numpy as np

from fraud_platform.core.model_bundle import ModelBundle

ROWS, RUNS = 5_000, 5


def microseconds_per_row(bundle: ModelBundle) -> float:
    """Of a batch of 5,000; the best of five, so that a busy machine fails no model."""
    rows = np.resize(bundle.reference_features, (ROWS, bundle.reference_features.shape[1]))
    seconds = []
    for _ in range(RUNS):
        started = time.perf_counter()
        bundle.score_own(rows)
        seconds.append(time.perf_counter() - started)
    return min(seconds) / ROWS * 1e6
