"""The declared features: the one table that kernel, training set, model signature, scorer and docs read.

To add a feature, declare it here and compute it under its name in kernel.py (entity
customer) or in merchant_risk.py (entity merchant).
"""

import hashlib
from dataclasses import astuple, dataclass

DAY_MS = 24 * 3600 * 1000
HOUR_MS = 3600 * 1000
HISTORY_DAYS = 30
"""Longest customer window; the scorer's state and the batch look-back hold this much."""

WINDOWS_MS = {"1h": HOUR_MS, "1d": DAY_MS, "7d": 7 * DAY_MS, "30d": HISTORY_DAYS * DAY_MS}
RISK_WINDOW_DAYS = (1, 7, 30)
SMALL_AMOUNT = 5.0
"""Amounts up to this are the probes of card testers."""


@dataclass(frozen=True)
class Feature:
    """One declared feature. All values are float64 and finite; `default` stands where nothing is known."""

    name: str
    entity: str
    window: str
    unit: str
    meaning: str
    default: float = 0.0


def _customer() -> list[Feature]:
    def feature(name: str, window: str, unit: str, meaning: str, default: float = 0.0) -> Feature:
        return Feature(name, "customer", window, unit, meaning, default)

    return [
        feature("amount", "", "currency", "amount of the transaction"),
        feature("hour", "", "hour", "hour of day of the event, UTC"),
        feature("weekday", "", "day", "day of week of the event, UTC, Monday 0"),
        feature("is_weekend", "", "0/1", "Saturday or Sunday"),
        feature("is_night", "", "0/1", "hour of day at most 6"),
        feature("seconds_since_previous", "30d", "s", "time since the customer's previous transaction", -1.0),
        *(feature(f"count_{w}", w, "transactions", f"transactions in {w}, this one included") for w in WINDOWS_MS),
        *(feature(f"sum_{w}", w, "currency", f"amount spent in {w}, this one included") for w in WINDOWS_MS),
        *(feature(f"mean_{w}", w, "currency", f"mean amount in {w}, this one included") for w in ("1d", "7d", "30d")),
        *(feature(f"max_{w}", w, "currency", f"largest amount in {w}, this one included") for w in ("1d", "7d", "30d")),
        feature(
            "amount_to_mean_30d", "30d", "ratio", "amount over the mean of the 30 days before, this one left out", 1.0
        ),
        feature(
            "amount_zscore_30d", "30d", "standard deviations", "amount against the 30 days before, this one left out"
        ),
        feature(
            "small_count_1h", "1h", "transactions", f"transactions of at most {SMALL_AMOUNT:g} in 1h (card testing)"
        ),
        feature("merchants_1d", "1d", "merchants", "distinct merchants in 1d"),
        feature("countries_1d", "1d", "countries", "distinct countries in 1d, unknown ones left out"),
        feature("is_new_merchant", "30d", "0/1", "customer's first transaction with this merchant"),
        feature("is_new_country", "30d", "0/1", "customer's first transaction in this country; 0 where unknown"),
        feature("is_new_device", "30d", "0/1", "customer's first transaction from this device; 0 where unknown"),
        feature("is_new_channel", "30d", "0/1", "customer's first transaction over this channel; 0 where unknown"),
        feature("distance_km", "30d", "km", "great-circle distance from the last known place", -1.0),
        feature("speed_kmh", "30d", "km/h", "implied travel speed from the last known place", -1.0),
    ]


def _merchant() -> list[Feature]:
    features = []
    for days in RISK_WINDOW_DAYS:
        window = f"{days}d"
        features += [
            Feature(
                f"merchant_count_{window}", "merchant", window, "transactions", f"matured transactions in {window}"
            ),
            Feature(f"merchant_risk_{window}", "merchant", window, "share", f"reported frauds among them in {window}"),
            Feature(f"merchant_mean_{window}", "merchant", window, "currency", f"their mean amount in {window}"),
        ]
    return features


CUSTOMER_FEATURES = tuple(_customer())
MERCHANT_FEATURES = tuple(_merchant())
FEATURES = CUSTOMER_FEATURES + MERCHANT_FEATURES
FEATURE_NAMES = tuple(f.name for f in FEATURES)
KERNEL_REVISION = 1
"""Raise when the meaning of a declared feature changes without its declaration."""


def feature_set_hash() -> str:
    """Version of the feature set: 16 hex digits over the declarations, order included."""
    text = repr((KERNEL_REVISION, HISTORY_DAYS, SMALL_AMOUNT, [astuple(f) for f in FEATURES]))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
