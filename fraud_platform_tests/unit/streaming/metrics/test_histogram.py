"""The histogram that takes a batch at once."""

import numpy as np
from prometheus_client import CollectorRegistry, generate_latest

from streaming.metrics.histogram import LatencyHistogram


def test_a_histogram_counts_a_batch_as_prometheus_would_have_one_by_one():
    registry = CollectorRegistry()
    histogram = LatencyHistogram("seconds", "", (0.1, 1, 10), registry)
    histogram.observe_all(np.array([0.1, 0.05, 0.5, 99]))
    histogram.observe_all(np.empty(0))
    lines = generate_latest(registry).decode().splitlines()
    counts = [line.split()[1] for line in lines if line.startswith("seconds_bucket")]
    assert counts == ["2.0", "3.0", "3.0", "4.0"]
    assert "seconds_sum 99.65" in lines
