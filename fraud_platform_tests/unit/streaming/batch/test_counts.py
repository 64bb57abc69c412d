"""What the metrics tell of a batch."""

from collections import Counter

import numpy as np
from prometheus_client import generate_latest

from fraud_platform.operations.aliases import CANARY, CHALLENGER
from streaming.batch.counts import LIVE_MS, count_batch, live_latencies_ms
from streaming.batch.scoring import ScoredBatch
from streaming.metrics.metrics import DRIVER, LATENCY_BUCKETS
from streaming.models.traffic_split import Outcomes

# One message of history, and one whose clock runs ahead.
COUNTED = {
    'fraud_scorer_transactions_total{status="predictions"}': 2,
    'fraud_scorer_transactions_total{status="rejected"}': 4,
    'fraud_scorer_transactions_total{status="duplicates"}': 5,
    'fraud_scorer_transactions_total{status="skipped"}': 2,
    'fraud_scorer_rejects_total{field="amount"}': 3,
    'fraud_scorer_rejects_total{field="other"}': 1,
    "fraud_scorer_alerts_total": 1,
    'fraud_scorer_contested_total{outcome="challenger_only"}': 7,
    "fraud_scorer_canary_decisions_total": 6,
    'fraud_scorer_latency_seconds_bucket{le="0.5"}': 2,
    "fraud_scorer_latency_seconds_count": 3,
    "fraud_scorer_latency_seconds_sum": 2.25,
}

OUTCOMES = {CHALLENGER: Outcomes(0, 0, 5, 3), CANARY: Outcomes(1, 0, 2, 3)}


def series() -> dict[str, float]:
    lines = [line for line in generate_latest(DRIVER).decode().splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


def test_a_batch_is_counted_by_what_became_of_its_messages():
    before = series()
    batch = ScoredBatch([], 2, 1, Counter({"amount": 3, "a name of the sender's": 1}), 5, 2, OUTCOMES)
    count_batch(9, batch, np.array([98_000, 99_750, 100_000 - LIVE_MS - 1, 100_400]), 100_000)
    after = series()
    assert {name: after[name] - before[name] for name in COUNTED} == COUNTED
    assert after["fraud_scorer_last_batch_id"] == 9
    assert after["fraud_scorer_last_batch_timestamp_seconds"] == 100


def test_latency_is_measured_on_what_arrived_within_the_hour():
    arrivals_ms = np.array([0, 10**12 - LIVE_MS - 1, 10**12 - LIVE_MS, 10**12 - 250, 10**12 + 60_000])
    assert live_latencies_ms(arrivals_ms, 10**12).tolist() == [LIVE_MS, 250, 0]


def test_no_live_message_falls_beyond_the_last_bucket():
    assert LATENCY_BUCKETS[-1] * 1000 >= LIVE_MS
