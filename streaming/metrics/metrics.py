"""Every metric of the scorer, declared once: docs/metrics.md, /metrics, dashboards and alerts follow this table."""

from collections.abc import Mapping
from typing import NamedTuple

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from fraud_platform.declared import DECLARATION
from streaming.metrics.histogram import LatencyHistogram

SUPERVISOR = CollectorRegistry()
"""Of the process that serves the page; its counters outlive the driver's."""
DRIVER = CollectorRegistry()

NO_LABELS: Mapping[str, tuple[str, ...]] = {}
STATUSES = ("predictions", "rejected", "duplicates", "skipped")
OUTCOMES = ("both", "champion_only", "challenger_only", "neither")
PHASES = ("features", "velocity", "score", "write")
REJECTED_FIELDS = (
    *("value", "key"),
    *((DECLARATION.header.message.version.member,) if DECLARATION.header.message.version else ()),
    *DECLARATION.world.names,
    "other",  # a name that the sender made up
)
BATCH_BUCKETS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 30)
LATENCY_BUCKETS = (0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 30, 60, 300, 3600)


class Metric(NamedTuple):
    """A row of the table. `labels` maps each label to its values; without values, to what they are."""

    name: str
    type: str
    unit: str
    meaning: str
    labels: Mapping[str, tuple[str, ...] | str] = NO_LABELS


METRICS: list[Metric] = []


def _counter(
    registry: CollectorRegistry, name: str, unit: str, meaning: str, **labels: tuple[str, ...] | str
) -> Counter:
    METRICS.append(Metric(f"{name}_total", "counter", unit, meaning, labels))
    counter = Counter(name, meaning, labels, registry=registry)
    _show_zeros(counter, labels)
    return counter


def _gauge(registry: CollectorRegistry, name: str, unit: str, meaning: str, **labels: tuple[str, ...] | str) -> Gauge:
    METRICS.append(Metric(name, "gauge", unit, meaning, labels))
    return Gauge(name, meaning, labels, registry=registry)


def _show_zeros(metric: Counter | Histogram, labels: Mapping[str, tuple[str, ...] | str]) -> None:
    """A series that begins at its first event would hide that event from Prometheus' increase()."""
    for values in labels.values():
        for value in values if isinstance(values, tuple) else ():
            metric.labels(value)


RESTARTS = _counter(SUPERVISOR, "fraud_scorer_restarts", "1", "Drivers started again after a failure")
DRIVER_UP = _gauge(SUPERVISOR, "fraud_scorer_driver_up", "1", "1 while a driver runs and has told its state, else 0")
LAST_FAILURE = _gauge(
    SUPERVISOR,
    "fraud_scorer_last_failure_timestamp_seconds",
    "seconds since 1970",
    "When a driver failed last; 0: never. `/health` says why",
)

TRANSACTIONS = _counter(
    DRIVER, "fraud_scorer_transactions", "messages", "Messages read, by what became of them", status=STATUSES
)
REJECTS = _counter(
    DRIVER, "fraud_scorer_rejects", "messages", "Dead letters, by the field at fault", field=REJECTED_FIELDS
)
ALERTS = _counter(DRIVER, "fraud_scorer_alerts", "predictions", "Predictions at or above the threshold")
LATE_VISITS = _counter(
    DRIVER,
    "fraud_scorer_late_visits",
    "messages",
    "Transactions that became visible after later ones had been taken to follow all of them",
)
BATCH_SECONDS = Histogram(
    "fraud_scorer_batch_seconds",
    "Time of a micro-batch, by phase",
    ["phase"],
    buckets=BATCH_BUCKETS,
    registry=DRIVER,
)
METRICS.append(
    Metric("fraud_scorer_batch_seconds", "histogram", "seconds", "Time of a micro-batch, by phase", {"phase": PHASES})
)
_show_zeros(BATCH_SECONDS, {"phase": PHASES})
LATENCY = LatencyHistogram(
    "fraud_scorer_latency_seconds",
    "From a transaction's Kafka timestamp to its prediction's commit, of live transactions: those up to an hour old",
    LATENCY_BUCKETS,
    DRIVER,
)
METRICS.append(Metric(LATENCY.name, "histogram", "seconds", LATENCY.meaning))
LAST_BATCH = _gauge(DRIVER, "fraud_scorer_last_batch_id", "1", "Id of the last batch written")
LAST_BATCH_TIME = _gauge(
    DRIVER, "fraud_scorer_last_batch_timestamp_seconds", "seconds since 1970", "When the last batch was written"
)
DELETED = _counter(
    DRIVER,
    "fraud_scorer_deleted_messages",
    "offsets",
    "Offsets that Kafka deleted before they were scored, and that ON_DELETED_MESSAGES=skip passed over",
)
LAG = _gauge(
    DRIVER,
    "fraud_scorer_lag_messages",
    "offsets",
    "Offsets that wait in Kafka; markers of producers' transactions count, too",
    partition="number of the Kafka partition",
)
LAG_SECONDS = _gauge(
    DRIVER,
    "fraud_scorer_lag_seconds",
    "seconds",
    "Age of the newest transaction that has a prediction, while others wait; 0 where none waits",
)
STATE_BYTES = _gauge(
    DRIVER,
    "fraud_scorer_state_bytes",
    "bytes",
    "Files of the state, by what they are about",
    part=("customers", "velocity"),
)
STATE_FILES = _gauge(DRIVER, "fraud_scorer_state_files", "files", "How many files they are")
MODEL_VERSION = _gauge(DRIVER, "fraud_scorer_model_version", "1", "Model version that scores now; 0: none")
MODEL_THRESHOLD = _gauge(DRIVER, "fraud_scorer_model_threshold", "probability", "Threshold in force")
MODEL_SWAPS = _counter(DRIVER, "fraud_scorer_model_swaps", "models", "Models taken over since the start")
MODEL_REFUSALS = _counter(DRIVER, "fraud_scorer_model_refusals", "models", "Champions refused since the start")
CHALLENGER_VERSION = _gauge(
    DRIVER, "fraud_scorer_challenger_version", "1", "Version that looks on at the champion's decisions; 0: none"
)
CANARY_VERSION = _gauge(
    DRIVER, "fraud_scorer_canary_version", "1", "Version that decides on CANARY_PERCENT of customers; 0: none"
)
CONTESTED = _counter(
    DRIVER,
    "fraud_scorer_contested",
    "predictions",
    "Transactions that the champion and a challenger or canary both scored, by who raised an alert",
    outcome=OUTCOMES,
)
CANARY_DECISIONS = _counter(
    DRIVER, "fraud_scorer_canary_decisions", "predictions", "Predictions in which the canary decided"
)
CANARY_ROLLBACKS = _counter(
    DRIVER,
    "fraud_scorer_canary_rollbacks",
    "models",
    "Challengers and canaries sent back, since their alerts left the band",
)
