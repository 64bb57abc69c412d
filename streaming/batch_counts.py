"""What the metrics tell of a batch that is out."""

import numpy as np
from numpy.typing import NDArray

from streaming import metrics
from streaming.scoring import ScoredBatch


def count_batch(batch_id: int, batch: ScoredBatch, arrivals_ms: NDArray[np.int64], now_ms: int) -> None:
    """arrivals_ms: Kafka timestamps of the batch's predictions, which became visible at now_ms."""
    metrics.LAST_BATCH.set(batch_id)
    metrics.LAST_BATCH_TIME.set(now_ms / 1000)
    metrics.ALERTS.inc(batch.alerts)
    for status in metrics.STATUSES:
        metrics.TRANSACTIONS.labels(status).inc(getattr(batch, status))
    for outcome in metrics.OUTCOMES:
        metrics.CONTESTED.labels(outcome).inc(getattr(batch.tally, outcome))
    metrics.CANARY_DECISIONS.inc(batch.tally.canary)
    for field, count in batch.faults.items():
        metrics.REJECTS.labels(field if field in metrics.REJECTED_FIELDS else "other").inc(count)
    metrics.LATENCY.observe_all((now_ms - arrivals_ms) / 1000)
