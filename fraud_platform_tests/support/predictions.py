"""Predictions as a new version gives them, looking on or deciding."""

from fraud_platform.messages.schemas import Prediction, ShadowPrediction
from fraud_platform_tests.support.simulated_world import FEATURE_SET

NOW_MS = 1_780_000_000_000


def shadow(number: int, probability: float, version: int = 1) -> ShadowPrediction:
    """Of the transaction T{number}."""
    return ShadowPrediction(
        transaction_id=f"T{number}",
        customer_id=f"C{number}",
        event_time_ms=NOW_MS,
        probability=probability,
        threshold=0.5,
        is_fraud=False,
        model_name="test",
        model_version=version,
        decided_by_version=7,
        decided_is_fraud=False,
        source_partition=0,
        source_offset=number,
        scored_at_ms=NOW_MS,
    )


def decision(number: int, probability: float, version: int = 1) -> Prediction:
    """The same transaction, decided on by a version."""
    return Prediction(
        transaction_id=f"T{number}",
        customer_id=f"C{number}",
        event_time_ms=NOW_MS,
        probability=probability,
        threshold=0.5,
        is_fraud=False,
        model_name="test",
        model_version=version,
        reasons=[],
        source_partition=0,
        source_offset=number,
        scored_at_ms=NOW_MS,
        merchant_risk_date=None,
        feature_set="test",
        features=[],
    )


def decision_on(row: dict, features: list[float]) -> Prediction:
    """A row of features/transactions, decided on with these features."""
    return Prediction(
        transaction_id=row["transaction_id"],
        customer_id=row["customer_id"],
        event_time_ms=row["event_time_ms"],
        probability=0.5,
        threshold=0.4,
        is_fraud=True,
        model_name="m",
        model_version=1,
        reasons=["why"],
        source_partition=row["kafka_partition"],
        source_offset=row["kafka_offset"],
        scored_at_ms=row["event_time_ms"],
        merchant_risk_date=row["date"].isoformat(),
        feature_set=FEATURE_SET.hash,
        features=features,
    )
