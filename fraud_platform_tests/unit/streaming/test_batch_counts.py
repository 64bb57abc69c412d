"""What the metrics tell of a batch."""

from collections import Counter

import numpy as np
from prometheus_client import generate_latest

from streaming.batch_counts import count_batch
from streaming.contest import Tally
from streaming.metrics import DRIVER
from streaming.scoring import ScoredBatch

COUNTED = {
    'fraud_scorer_transactions_total{status="predictions"}': 2,
    'fraud_scorer_transactions_total{status="rejected"}': 4,
    'fraud_scorer_transactions_total{status="duplicates"}': 5,
    'fraud_scorer_rejects_total{field="amount"}': 3,
    'fraud_scorer_rejects_total{field="other"}': 1,
    "fraud_scorer_alerts_total": 1,
    'fraud_scorer_contested_total{outcome="challenger_only"}': 7,
    "fraud_scorer_canary_decisions_total": 6,
    'fraud_scorer_latency_seconds_bucket{le="0.5"}': 1,
    "fraud_scorer_latency_seconds_count": 2,
    "fraud_scorer_latency_seconds_sum": 2.25,
}


def series() -> dict[str, float]:
    lines = [line for line in generate_latest(DRIVER).decode().splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


def test_a_batch_is_counted_by_what_became_of_its_messages():
    before = series()
    batch = ScoredBatch([], 2, 1, Counter({"amount": 3, "a name of the sender's": 1}), 5, Tally(0, 0, 7, 0, 6))
    count_batch(9, batch, np.array([98_000, 99_750]), 100_000)
    after = series()
    assert {name: after[name] - before[name] for name in COUNTED} == COUNTED
    assert after["fraud_scorer_last_batch_id"] == 9
    assert after["fraud_scorer_last_batch_timestamp_seconds"] == 100
