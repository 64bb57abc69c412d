"""Lag, stalls, the size of the state, and the histogram that takes a batch at once."""

from contextlib import nullcontext
from queue import SimpleQueue

import numpy as np
from prometheus_client import CollectorRegistry, generate_latest

from streaming import meter
from streaming.latency import LatencyHistogram
from streaming.meter import Backlog, Meter, state_bytes


def test_what_waits_is_counted_by_partition():
    assert Backlog().lags({0: 10, 1: 5}, {0: 12, 1: 5, 2: 3}, now=0) == {0: 2, 1: 0, 2: 3}


def test_a_backlog_of_which_nothing_is_read_is_stalled_from_then_on():
    backlog = Backlog()
    stalled = []
    for now, position, end in [(0, 0, 5), (10, 0, 9), (25, 0, 9), (30, 1, 99), (40, 1, 99), (50, 99, 99), (99, 99, 99)]:
        backlog.lags({0: position}, {0: end}, now)
        stalled.append(backlog.stalled_seconds)
    assert stalled == [0, 10, 25, 0, 10, 0, 0]


def test_a_meter_that_ends_tells_of_it_since_nobody_else_sees_a_stall(settings, tmp_path, monkeypatch):
    monkeypatch.setattr(meter, "committed_reader", lambda _: nullcontext())
    monkeypatch.setattr(meter, "watermarks", lambda *_: {}["bug"])
    crashes: SimpleQueue[BaseException] = SimpleQueue()
    Meter(settings, None, None, tmp_path, crashes.put).start()
    assert isinstance(crashes.get(timeout=30), KeyError)


def test_the_state_s_files_are_told_by_what_they_are_about(tmp_path):
    for name, size in {"0/a": 10, "seed/b": 20, "velocity/c": 40, "velocity/seed/d": 80}.items():
        path = tmp_path / f"{name}.arrow"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * size)
    assert {part: sum(sizes) for part, sizes in state_bytes(tmp_path).items()} == {"customers": 30, "velocity": 120}


def test_a_histogram_counts_a_batch_as_prometheus_would_have_one_by_one():
    registry = CollectorRegistry()
    histogram = LatencyHistogram("seconds", "", (0.1, 1, 10), registry)
    histogram.observe_all(np.array([0.1, 0.05, 0.5, 99]))
    histogram.observe_all(np.empty(0))
    lines = generate_latest(registry).decode().splitlines()
    counts = [line.split()[1] for line in lines if line.startswith("seconds_bucket")]
    assert counts == ["2.0", "3.0", "3.0", "4.0"]
    assert "seconds_sum 99.65" in lines
