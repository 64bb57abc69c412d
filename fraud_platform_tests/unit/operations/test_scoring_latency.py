"""The time of a row is that of the best of five batches of 5,000."""

import time

import numpy as np

from fraud_platform.operations.scoring_latency import microseconds_per_row


class ModelOfKnownTimes:
    """Of three reference rows. The clock moves while it scores, by so many seconds a batch."""

    reference_features = np.arange(6.0).reshape(3, 2)

    def __init__(self, seconds: list[float]) -> None:
        self.now, self.seconds = 0.0, seconds

    def score_own(self, rows: np.ndarray) -> None:
        assert rows.shape == (5_000, 2)
        self.now += self.seconds.pop()


def test_a_busy_machine_fails_no_model(monkeypatch):
    model = ModelOfKnownTimes([9.0, 1.0, 0.5, 2.0, 9.0])
    monkeypatch.setattr(time, "perf_counter", lambda: model.now)
    assert microseconds_per_row(model) == 100.0
