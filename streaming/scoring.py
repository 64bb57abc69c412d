"""Rows with features → the messages of a batch: predictions and dead letters. No I/O, no clock."""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fraud_platform.core.arrays import Floats
from fraud_platform.core.features.declaration import DAY_MS
from fraud_platform.core.features.table import CUSTOMER_FEATURES, feature_set_hash
from fraud_platform.core.scoring import ModelBundle
from fraud_platform.schemas import Prediction, encode
from fraud_platform.settings import Settings
from streaming.features import REJECTED, SCORED
from streaming.risk import RiskTables
from streaming.sink import OutMessage

BLOCK_ROWS = 200
LETTER_BYTES = 450_000
"""Of key and value each. A compressed message may be far larger than what the broker takes back from
this producer, and one that cannot be written would stop the scorer for good; the source offset leads to the whole."""


class LoadedModel(NamedTuple):
    """A verified model version and the threshold in force for it."""

    version: int
    bundle: ModelBundle
    threshold: float


class ScoredBatch(NamedTuple):
    messages: list[OutMessage]
    predictions: int
    alerts: int
    faults: Counter[str]
    """Field at fault → rejected messages."""
    duplicates: int

    @property
    def rejected(self) -> int:
        return self.faults.total()


def score_batch(
    rows: pa.Table, velocity: Floats, model: LoadedModel, risk: RiskTables, settings: Settings, scored_at_ms: int
) -> ScoredBatch:
    """Messages for the rows of one micro-batch (columns of features.OUTPUT_SCHEMA).

    velocity: VELOCITY_FEATURES (n, F) of the scored rows.
    """
    scored = rows.filter(pc.equal(rows["status"], SCORED))
    rejected = rows.filter(pc.equal(rows["status"], REJECTED))
    topic, alerts = settings.kafka_predictions_topic, 0
    messages: list[OutMessage] = []
    for prediction in _predictions(scored, velocity, model, risk, settings, scored_at_ms):
        messages.append(OutMessage(topic, prediction.customer_id.encode(), encode(prediction)))
        alerts += prediction.is_fraud
    return ScoredBatch(
        messages + _dead_letters(rejected, settings),
        predictions=len(scored),
        alerts=alerts,
        faults=Counter(rejected["field"].to_pylist()),
        duplicates=len(rows) - len(scored) - len(rejected),
    )


def _predictions(
    scored: pa.Table, velocity: Floats, model: LoadedModel, risk: RiskTables, settings: Settings, scored_at_ms: int
) -> Iterator[Prediction]:
    """One by one, since the garbage collector would walk all that are alive: half of this phase's time."""
    if not len(scored):
        return
    days = scored["timestamp_ms"].to_numpy() // DAY_MS
    merchant_values, risk_dates = risk.lookup(days, scored["merchant_id"].to_pandas().to_numpy())
    features = np.hstack((_customer_values(scored), merchant_values, velocity))
    probability = model.bundle.score(features)
    is_fraud = probability >= model.threshold
    alerts = np.flatnonzero(is_fraud)
    reasons = dict(zip(alerts.tolist(), model.bundle.reasons(features[alerts]), strict=True))
    feature_set = feature_set_hash()
    columns = (scored[n].to_pylist() for n in ("transaction_id", "customer_id", "event_time_ms", "partition", "offset"))
    for row, (transaction_id, customer_id, event_time_ms, partition, offset, p, fraud, risk_date, values) in enumerate(
        zip(*columns, probability.tolist(), is_fraud.tolist(), risk_dates, _rows(features), strict=True)
    ):
        yield Prediction(
            transaction_id=transaction_id,
            customer_id=customer_id,
            event_time_ms=event_time_ms,
            probability=p,
            threshold=model.threshold,
            is_fraud=fraud,
            model_name=settings.model_name,
            model_version=model.version,
            reasons=reasons.get(row, []),
            source_partition=partition,
            source_offset=offset,
            scored_at_ms=scored_at_ms,
            merchant_risk_date=risk_date,
            feature_set=feature_set,
            features=values,
        )


def _rows(features: Floats) -> Iterator[list[float]]:
    for first in range(0, len(features), BLOCK_ROWS):
        yield from features[first : first + BLOCK_ROWS].tolist()


def _customer_values(scored: pa.Table) -> Floats:
    """CUSTOMER_FEATURES (n, F)."""
    packed = b"".join(scored["customer_features"].to_pylist())
    return np.frombuffer(packed).reshape(-1, len(CUSTOMER_FEATURES))


def _dead_letters(rejected: pa.Table, settings: Settings) -> list[OutMessage]:
    """Key and value as received, up to their first LETTER_BYTES; origin and fault in the headers."""
    return [
        OutMessage(
            settings.kafka_dead_letter_topic,
            row["key"] and row["key"][:LETTER_BYTES],
            row["value"] and row["value"][:LETTER_BYTES],
            [
                ("source_topic", settings.kafka_topic.encode()),
                ("source_partition", str(row["partition"]).encode()),
                ("source_offset", str(row["offset"]).encode()),
                ("source_timestamp_ms", str(row["timestamp_ms"]).encode()),
                ("field", row["field"].encode()),
                ("reason", row["reason"].encode()),
            ],
        )
        for row in rejected.to_pylist()
    ]
