"""Every metric of the scorer, declared once."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

SUPERVISOR = CollectorRegistry()
"""Of the process that serves the page; its counters outlive the driver's."""
DRIVER = CollectorRegistry()

RESTARTS = Counter("fraud_scorer_restarts", "Drivers started again after a failure", registry=SUPERVISOR)
LAST_FAILURE = Gauge("fraud_scorer_last_failure_timestamp_seconds", "When a driver failed last", registry=SUPERVISOR)
DRIVER_UP = Gauge("fraud_scorer_driver_up", "1 while a driver runs and has told its state", registry=SUPERVISOR)

TRANSACTIONS = Counter(
    "fraud_scorer_transactions", "Messages read, by what became of them", ["status"], registry=DRIVER
)
LATE_VISITS = Counter(
    "fraud_scorer_late_visits",
    "Transactions that became visible after later ones had been taken to follow all of them",
    registry=DRIVER,
)
ALERTS = Counter("fraud_scorer_alerts", "Predictions at or above the threshold", registry=DRIVER)
BATCH_SECONDS = Histogram(
    "fraud_scorer_batch_seconds",
    "Time of a micro-batch, by phase",
    ["phase"],
    buckets=(0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 30),
    registry=DRIVER,
)
MODEL_VERSION = Gauge("fraud_scorer_model_version", "Model version that scores now", registry=DRIVER)
MODEL_SWAPS = Counter("fraud_scorer_model_swaps", "Models taken over since the start", registry=DRIVER)
MODEL_REFUSALS = Counter("fraud_scorer_model_refusals", "Champions refused since the start", registry=DRIVER)
LAST_BATCH = Gauge("fraud_scorer_last_batch_id", "Id of the last batch written", registry=DRIVER)
