"""One decision taken apart: what each feature said, and what the model made of it. Rows in, an explanation out."""

from typing import Any

import msgspec
import numpy as np

from fraud_platform.core.model_bundle import ModelBundle, reasons_of
from fraud_platform.core.training.rules import rules_that_fire

TOP = 3


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """A transaction with its features, as the scorer logged them or as batch has them."""

    transaction_id: str
    customer_id: str
    event_time_ms: int
    source_partition: int
    source_offset: int
    features: list[float]
    feature_set: str
    """Whose features they are, in their declared order."""
    model_version: int
    probability: float | None = None
    """As the scorer wrote it; None where it never scored the transaction."""
    threshold: float | None = None
    reasons: list[str] = []
    scored_at_ms: int | None = None


class FeaturePart(msgspec.Struct, frozen=True):
    """A feature's share in a score."""

    name: str
    value: float
    unit: str
    contribution: float
    """In log-odds before calibration; positive where it raises the risk."""


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """What `fraud explain` tells."""

    transaction_id: str
    customer_id: str
    event_time_ms: int
    source_partition: int
    source_offset: int
    model_name: str
    model_version: int
    scored_at_ms: int | None
    """None where no scorer has decided: the rest is what this version would say."""
    probability: float
    threshold: float
    is_fraud: bool
    probability_again: float
    """What the version gives the same features now; it equals `probability`."""
    reasons: list[str]
    rules: list[str]
    """Hand-written rules that the transaction raises, whatever the model makes of it."""
    base_log_odds: float
    log_odds: float
    """Base and all contributions added up; calibration turns it into the probability."""
    features: list[FeaturePart]
    """The strongest first."""
    history: list[dict[str, Any]]
    """The customer's transactions of the 30 days before, newest first."""


def explain(decision: Decision, bundle: ModelBundle, history: list[dict[str, Any]]) -> Explanation:
    """Explain a decision by the version that made it, or would make it; `bundle` reads rows of its feature set."""
    row = bundle.own(np.array([decision.features]))
    contributions = bundle.contributions_of_own(row)
    parts = [
        FeaturePart(feature.name, value, feature.unit, float(moved))
        for feature, value, moved in zip(bundle.card.features, row[0].tolist(), contributions.values[0], strict=True)
    ]
    again = float(bundle.score_own(row)[0])
    probability = again if decision.probability is None else decision.probability
    threshold = bundle.threshold if decision.threshold is None else decision.threshold
    base = float(contributions.base[0])
    return Explanation(
        transaction_id=decision.transaction_id,
        customer_id=decision.customer_id,
        event_time_ms=decision.event_time_ms,
        source_partition=decision.source_partition,
        source_offset=decision.source_offset,
        model_name=bundle.card.model_name,
        model_version=decision.model_version,
        scored_at_ms=decision.scored_at_ms,
        probability=probability,
        threshold=threshold,
        is_fraud=probability >= threshold,
        probability_again=again,
        reasons=decision.reasons or reasons_of(bundle.card.features, row, contributions, TOP)[0],
        rules=rules_that_fire(row, [feature.name for feature in bundle.card.features])[0],
        base_log_odds=base,
        log_odds=base + sum(part.contribution for part in parts),
        features=sorted(parts, key=lambda part: -abs(part.contribution)),
        history=history,
    )
