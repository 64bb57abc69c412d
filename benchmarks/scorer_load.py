"""Load for benchmarks/scorer.py: a backlog, or transactions at a rate, and a model that is as dear as a real one."""

import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
from catboost import CatBoostClassifier
from confluent_kafka import Producer
from mlflow import MlflowClient

from fraud_platform.core.features.entity_events import entity_events_of
from fraud_platform.core.features.matured_lookup import no_matured
from fraud_platform.core.features.velocity import velocities_among
from fraud_platform.core.model_bundle import BundleCard, ModelBundle
from fraud_platform.declared import FEATURE_SET
from fraud_platform.operations.aliases import CHAMPION
from fraud_platform.settings import Settings
from fraud_platform.storage.bundle_folder import save_bundle
from fraud_platform.storage.kafka import producer
from fraud_platform.storage.registry import Registry

CUSTOMERS, MERCHANTS, DEVICES = 20_000, 2_000, 50_000
TREES = 300
LARGEST = 499
"""Amounts are whole up to here, and a half."""
ALERT_SHARE = 1 / LARGEST
TICK_SECONDS = 0.005
_VALUE = (
    b'{"schema_version":1,"transaction_id":"T%012d","customer_id":"C%08d","merchant_id":"M%08d","event_time_ms":%d,'
    b'"amount":%d.5,"device_id":"D%08d","channel":"chip","country":"FR","latitude":48.85,"longitude":2.35}'
)


class Load:
    """Transactions of uniformly drawn customers."""

    def __init__(self, settings: Settings, seed: int, first_id: int = 0) -> None:
        self._topic = settings.kafka_topic
        self._kafka: Producer = producer(settings, **{"linger.ms": 2})
        self._rng = np.random.default_rng(seed)
        self._sent = first_id

    def backlog(self, transactions: int) -> None:
        """All at once, a millisecond apart and up to now."""
        first_ms = time.time_ns() // 1_000_000 - transactions
        for begin in range(0, transactions, 10_000):
            count = min(10_000, transactions - begin)
            self._produce(count, range(first_ms + begin, first_ms + begin + count))
            while len(self._kafka) > 200_000:
                self._kafka.poll(0.1)
        self._kafka.flush()

    def at_rate(self, per_second: float, seconds: float) -> float:
        """For some time, each transaction at the present; returns the rate reached."""
        began, first = time.monotonic(), self._sent
        while (elapsed := time.monotonic() - began) < seconds:
            due = int(elapsed * per_second) - (self._sent - first)
            self._produce(due, [time.time_ns() // 1_000_000] * due)
            self._kafka.poll(TICK_SECONDS)
        self._kafka.flush()
        return (self._sent - first) / (time.monotonic() - began)

    def _produce(self, count: int, times_ms: range | list[int]) -> None:
        customers, cents = (
            self._rng.integers(0, CUSTOMERS, count).tolist(),
            self._rng.integers(1, LARGEST + 1, count).tolist(),
        )
        for customer, amount, time_ms in zip(customers, cents, times_ms, strict=True):
            n = self._sent
            value = _VALUE % (n, customer, n % MERCHANTS, time_ms, amount, n % DEVICES)
            # Half the customers in each of two partitions: Spark's tasks are equal then.
            self._kafka.produce(self._topic, value, b"C%08d" % customer, customer % 2, timestamp=time_ms)
            self._sent += 1
        self._kafka.poll(0)


def register_models(settings: Settings, folder: Path) -> list[int]:
    """Two versions of a model of TREES trees, of which the second is champion.

    What it answers means nothing, what it costs is real.
    """
    run = MlflowClient(settings.mlflow_tracking_uri).create_run("0")
    registry, saved = Registry(settings), save_bundle(_model(), folder)
    versions = [registry.register(saved, run.info.run_id, "benchmark", {}) for _ in range(2)]
    registry.set_alias(CHAMPION, versions[-1])
    return versions


def _model() -> ModelBundle:
    rng = np.random.default_rng(1)
    features = _features(rng, 8_000)
    model = CatBoostClassifier(iterations=TREES, depth=6, random_seed=1, verbose=False, allow_writing_files=False)
    # A fraud that any model finds: the share of alerts is then the same whatever the history.
    frame = pd.DataFrame(features, columns=FEATURE_SET.names)
    model.fit(frame, frame["amount"] > LARGEST)
    return bundle(model, features)


def bundle(model: CatBoostClassifier, features: np.ndarray) -> ModelBundle:
    """A bundle of a model that nobody has judged; features (n, F) it was trained on."""
    card = BundleCard(
        model_name="benchmark",
        features=list(FEATURE_SET.features),
        feature_set=FEATURE_SET.hash,
        calibration_method="none",
        calibration_scores=[0.0, 1.0],
        calibration_probabilities=[0.0, 1.0],
        threshold=0.5,
        alert_budget_per_day=50,
        snapshot={},
        metrics={},
        seed=1,
        libraries={},
    )
    return ModelBundle.build(card, model, features[:256])


def _features(rng: np.random.Generator, rows: int) -> np.ndarray:
    """All features (n, F) of transactions such as those of a backlog."""
    now_ms = int(datetime(2026, 6, 1, tzinfo=UTC).timestamp() * 1000)
    names = {
        "customer_id": [f"C{n:08}" for n in rng.integers(0, rows // 20, rows)],
        "merchant_id": [f"M{n % MERCHANTS:08}" for n in range(rows)],
        "transaction_id": [f"T{n:012}" for n in range(rows)],
        "device_id": [f"D{n % DEVICES:08}" for n in range(rows)],
        "country": ["FR"] * rows,
        "channel": ["chip"] * rows,
    }
    times = now_ms + np.arange(rows) * 50
    numbers = {"event_time_ms": times, "amount": rng.integers(1, LARGEST + 1, rows) + 0.5}
    place = {"latitude": np.full(rows, 48.85), "longitude": np.full(rows, 2.35)}
    kernel, layout, plan = FEATURE_SET.kernel, FEATURE_SET.layout, FEATURE_SET.velocity
    arrangement = kernel.arrange(layout.empty, layout.rows(names | numbers | place, times))
    velocity = velocities_among(plan, entity_events_of(plan, arrangement))
    return FEATURE_SET.joined(kernel.features_of(arrangement).values, no_matured(FEATURE_SET, rows), velocity)
