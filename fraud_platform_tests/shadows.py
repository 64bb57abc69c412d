"""Shadow predictions as a challenger writes them."""

from fraud_platform.schemas import ShadowPrediction

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
