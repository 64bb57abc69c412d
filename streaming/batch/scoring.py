"""Rows with features → the messages of a batch: predictions, shadow predictions, dead letters. No I/O, no clock."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from types import MappingProxyType
from typing import Any, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from fraud_platform.core.arrays import Floats
from fraud_platform.core.time import DAY_MS
from fraud_platform.declared import FEATURE_SET
from fraud_platform.messages.declared.envelope import DELETION
from fraud_platform.messages.schemas import Prediction, ShadowPrediction, encode
from fraud_platform.settings import Settings
from fraud_platform.storage.arrow_bytes import values_of
from streaming.batch.features import OF_FIELD, REJECTED, SCORED
from streaming.batch.merchant_risk import RiskTables
from streaming.models.traffic_split import Assignment, Outcomes, TrafficSplit, assign, outcomes_of
from streaming.output.sink import OutMessage

BLOCK_ROWS = 5_000


class ScoredBatch(NamedTuple):
    messages: Iterable[OutMessage]
    """To be gone through once: each is encoded when it is asked for, while the ones before are on their way."""
    predictions: int
    alerts: int
    faults: Counter[str]
    """Field at fault → rejected messages."""
    duplicates: int
    skipped: int = 0
    """Deletions, which are no transactions and get no dead letter."""
    outcomes: Mapping[str, Outcomes] = MappingProxyType({})
    """By alias, of the rows that champion and challenger, or champion and canary, both scored."""

    @property
    def rejected(self) -> int:
        return self.faults.total()


class Decided(NamedTuple):
    """Decisions on n rows, by columns, and what they were made from."""

    features: Floats
    risk_dates: list[str | None]
    probability: Floats
    threshold: Floats
    version: NDArray[np.int64]
    is_fraud: NDArray[np.bool_]
    reasons: dict[int, list[str]]
    """Of alerts, by row."""
    shadows: dict[str, Assignment]


def score_batch(
    rows: pa.Table, velocity: Floats, split: TrafficSplit, risk: RiskTables, settings: Settings, scored_at_ms: int
) -> ScoredBatch:
    """Messages for the rows of one micro-batch (features.ROWS).

    velocity: velocities (n, F) of the scored rows.
    """
    scored = rows.filter(pc.equal(rows["status"], SCORED))
    rejected = rows.filter(pc.equal(rows["status"], REJECTED))
    is_deletion = pc.equal(rejected["reason"], DELETION)
    skipped, rejected = pc.sum(is_deletion).as_py() or 0, rejected.filter(pc.invert(is_deletion))
    dead_letters = _dead_letters(rejected, settings)
    faults = Counter(rejected["field"].to_pylist())
    duplicates = len(rows) - len(scored) - len(rejected) - skipped
    if not len(scored):
        return ScoredBatch(dead_letters, 0, 0, faults, duplicates, skipped)
    decided = _decide(scored, velocity, split, risk)
    messages = chain(
        _predictions(scored, decided, settings, scored_at_ms),
        _shadow_predictions(scored, decided, settings, scored_at_ms),
        dead_letters,
    )
    outcomes = outcomes_of(decided.shadows, decided.is_fraud)
    return ScoredBatch(messages, len(scored), int(decided.is_fraud.sum()), faults, duplicates, skipped, outcomes)


def _decide(scored: pa.Table, velocity: Floats, split: TrafficSplit, risk: RiskTables) -> Decided:
    days = scored["timestamp_ms"].to_numpy() // DAY_MS
    entities = {name: scored[column].to_pandas().to_numpy(object) for name, column in OF_FIELD.items()}
    matured, risk_dates = risk.lookup(days, entities)
    features = FEATURE_SET.joined(values_of(scored["customer_features"], np.float64), matured, velocity)
    deciding, shadows = assign(split, features, scored["customer_id"])
    probability, threshold, version = np.empty(len(scored)), np.empty(len(scored)), np.empty(len(scored), np.int64)
    reasons: dict[int, list[str]] = {}
    for assigned in deciding:
        probability[assigned.rows] = assigned.probability
        threshold[assigned.rows] = assigned.model.threshold
        version[assigned.rows] = assigned.model.version
        alerts = assigned.rows[assigned.is_fraud]
        reasons |= zip(alerts.tolist(), assigned.model.bundle.reasons(features[alerts]), strict=True)
    return Decided(features, risk_dates, probability, threshold, version, probability >= threshold, reasons, shadows)


def _predictions(scored: pa.Table, decided: Decided, settings: Settings, scored_at_ms: int) -> Iterator[OutMessage]:
    feature_set, topic = FEATURE_SET.hash, settings.kafka_predictions_topic
    columns = (scored[n].to_pylist() for n in ("transaction_id", "customer_id", "event_time_ms", "partition", "offset"))
    decisions = (column.tolist() for column in decided[2:6])
    for row, (
        transaction_id,
        customer_id,
        event_time_ms,
        partition,
        offset,
        p,
        bar,
        version,
        fraud,
        day,
        values,
    ) in enumerate(zip(*columns, *decisions, decided.risk_dates, _json_rows(decided.features), strict=True)):
        prediction = Prediction(
            transaction_id=transaction_id,
            customer_id=customer_id,
            event_time_ms=event_time_ms,
            probability=p,
            threshold=bar,
            is_fraud=fraud,
            model_name=settings.model_name,
            model_version=version,
            reasons=decided.reasons.get(row, []),
            source_partition=partition,
            source_offset=offset,
            scored_at_ms=scored_at_ms,
            merchant_risk_date=day,
            feature_set=feature_set,
            features=values,
        )
        yield OutMessage(topic, customer_id.encode(), encode(prediction))


def _shadow_predictions(
    scored: pa.Table, decided: Decided, settings: Settings, scored_at_ms: int
) -> Iterator[OutMessage]:
    names = ("transaction_id", "customer_id", "event_time_ms", "partition", "offset")
    for shadow in decided.shadows.values():
        model = shadow.model
        rows = scored.select(names).take(pa.array(shadow.rows))
        others = decided.version[shadow.rows].tolist(), decided.is_fraud[shadow.rows].tolist()
        columns = (*(rows[name].to_pylist() for name in names), shadow.probability.tolist(), *others)
        for transaction_id, customer_id, event_time_ms, partition, offset, p, version, fraud in zip(
            *columns, strict=True
        ):
            prediction = ShadowPrediction(
                transaction_id=transaction_id,
                customer_id=customer_id,
                event_time_ms=event_time_ms,
                probability=p,
                threshold=model.threshold,
                is_fraud=p >= model.threshold,
                model_name=settings.model_name,
                model_version=model.version,
                decided_by_version=version,
                decided_is_fraud=fraud,
                source_partition=partition,
                source_offset=offset,
                scored_at_ms=scored_at_ms,
            )
            yield OutMessage(settings.kafka_shadow_topic, customer_id.encode(), encode(prediction))


def _json_rows(values: Floats) -> Iterator[msgspec.Raw]:
    """Rows (n, k) as JSON arrays, which cost half of encoding lists; made in a thread, ahead of who takes them."""
    blocks = (values[first : first + BLOCK_ROWS] for first in range(0, len(values), BLOCK_ROWS))
    with ThreadPoolExecutor(1) as ahead:
        for rows in ahead.map(_json_of_block, blocks):
            yield from map(msgspec.Raw, rows)


def _json_of_block(values: Floats) -> list[str]:
    """The digits are the fewest that tell a number from its neighbours; what is not finite becomes null."""
    n, k = values.shape
    digits = pc.if_else(np.isfinite(values).ravel(), pa.array(values.ravel()).cast(pa.string()), "null")
    rows = pa.ListArray.from_arrays(pa.array(np.arange(n + 1) * k, pa.int32()), digits)
    joined = pc.binary_join(rows, ",")
    return pc.binary_join_element_wise("[", joined, "]", "").to_pylist()


def _dead_letters(rejected: pa.Table, settings: Settings) -> list[OutMessage]:
    """Key and value as received, as far as they are kept; origin and fault in the headers."""
    names = ("key", "value", "value_bytes", "partition", "offset", "timestamp_ms", "field", "reason")
    topic, source = settings.kafka_dead_letter_topic, settings.kafka_topic
    return [
        OutMessage(topic, row["key"], row["value"], _dead_letter_headers(source, row))
        for row in rejected.select(names).to_pylist()
    ]


def _dead_letter_headers(source_topic: str, row: dict[str, Any]) -> list[tuple[str, str | bytes | None]]:
    headers = {
        "source_topic": source_topic,
        "source_partition": str(row["partition"]),
        "source_offset": str(row["offset"]),
        "source_timestamp_ms": str(row["timestamp_ms"]),
        "field": row["field"],
        "reason": row["reason"],
    }
    if row["value_bytes"] is not None:
        headers["value_bytes"] = str(row["value_bytes"])  # of the whole value, of which the dead letter has a part
    return [(name, text.encode()) for name, text in headers.items()]
