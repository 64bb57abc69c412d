"""What the metrics tell of a batch that is out."""

import numpy as np
from numpy.typing import NDArray

from fraud_platform.operations.aliases import CANARY
from streaming.batch.scoring import ScoredBatch
from streaming.metrics import metrics

LIVE_MS = 3_600_000
"""An older message is history that is replayed, or a backlog, which the lag tells of."""


def count_batch(batch_id: int, batch: ScoredBatch, arrivals_ms: NDArray[np.int64], now_ms: int) -> None:
    """arrivals_ms: Kafka timestamps of the batch's predictions, which became visible at now_ms."""
    metrics.LAST_BATCH.set(batch_id)
    metrics.LAST_BATCH_TIME.set(now_ms / 1000)
    metrics.ALERTS.inc(batch.alerts)
    for status in metrics.STATUSES:
        metrics.TRANSACTIONS.labels(status).inc(getattr(batch, status))
    for outcomes in batch.outcomes.values():
        for outcome in metrics.OUTCOMES:
            metrics.CONTESTED.labels(outcome).inc(getattr(outcomes, outcome))
    metrics.CANARY_DECISIONS.inc(batch.outcomes[CANARY].counts.rows if CANARY in batch.outcomes else 0)
    for field, count in batch.faults.items():
        metrics.REJECTS.labels(field if field in metrics.REJECTED_FIELDS else "other").inc(count)
    metrics.LATENCY.observe_all(live_latencies_ms(arrivals_ms, now_ms) / 1000)


def live_latencies_ms(arrivals_ms: NDArray[np.int64], now_ms: int) -> NDArray[np.int64]:
    """Time since arrival of the messages that arrived within LIVE_MS; 0 where a producer's clock runs ahead."""
    latencies_ms = now_ms - arrivals_ms
    return np.maximum(latencies_ms[latencies_ms <= LIVE_MS], 0)
