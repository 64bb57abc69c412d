"""Predictions as their readers need them: what a scorer would never write is none, though it has all fields."""

from datetime import date

from fraud_platform.declared import FEATURE_SET
from fraud_platform.messages.schemas import FIRST_TIME_MS, LAST_TIME_MS, Prediction
from fraud_platform.messages.tolerant import TolerantReader

_MOST_INT32, _MOST_INT64 = 2**31 - 1, 2**63 - 1
_BOUNDS: dict[str, tuple[float, float]] = {
    "event_time_ms": (FIRST_TIME_MS, LAST_TIME_MS),
    "scored_at_ms": (FIRST_TIME_MS, LAST_TIME_MS),
    "probability": (0, 1),
    "threshold": (0, _MOST_INT32),  # FRAUD_THRESHOLD of an older release may have been anything
    "model_version": (1, _MOST_INT32),
    "source_partition": (0, _MOST_INT32),
    "source_offset": (0, _MOST_INT64),
}


def prediction_reader(topic: str) -> TolerantReader[Prediction]:
    """A reader that skips, counts and names whatever else is on the topic."""
    return TolerantReader(topic, Prediction, prediction_fault)


def prediction_fault(prediction: Prediction) -> str | None:
    """What no scorer would write, and a reader could stumble over; None where there is nothing of the kind."""
    for name, (least, most) in _BOUNDS.items():
        if not least <= (number := getattr(prediction, name)) <= most:
            return f"{name} {number}"
    if prediction.feature_set == FEATURE_SET.hash and len(prediction.features) != len(FEATURE_SET.names):
        return f"{len(prediction.features)} features, where its feature set has {len(FEATURE_SET.names)}"
    if prediction.merchant_risk_date is not None and not _is_date(prediction.merchant_risk_date):
        return f"merchant_risk_date {prediction.merchant_risk_date}"
    return None


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
