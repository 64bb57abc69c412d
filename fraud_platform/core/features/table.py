"""All declared features: the one table that training set, model signature, scorer and docs read.

A feature of the customer is declared and computed in one file of customer/, a velocity in
velocity.py; what labels say of a merchant is declared here and computed in merchant_risk.py.
"""

import hashlib

from fraud_platform.core.features.customer import amounts, calendar, novelty, sequence, travel
from fraud_platform.core.features.declaration import HISTORY_DAYS, SPOKEN, Feature
from fraud_platform.core.features.velocity import SETTLE_MS, VELOCITY_FEATURES

FAMILIES = (amounts, calendar, sequence, novelty, travel)
"""Modules with FEATURES and columns(rows): the values of those features for the new events."""
RISK_WINDOW_DAYS = (1, 7, 30)


def _merchant(window: str) -> tuple[Feature, ...]:
    period = f"in the newest {SPOKEN[window]} with known labels"
    return (
        Feature(
            f"merchant_count_{window}",
            "merchant",
            window,
            "transactions",
            f"matured transactions in {window}",
            words=f"merchant's transactions {period}: {{value:,.0f}}",
        ),
        Feature(
            f"merchant_risk_{window}",
            "merchant",
            window,
            "share",
            f"reported frauds among them in {window}",
            words=f"{{value:.1%}} of the merchant's transactions {period} were fraud",
            words_if_default=f"no fraud at this merchant {period}",
        ),
        Feature(
            f"merchant_mean_{window}",
            "merchant",
            window,
            "currency",
            f"their mean amount in {window}",
            words=f"merchant's mean amount {period} is {{value:,.2f}}",
            words_if_default=f"merchant has no transactions {period}",
        ),
    )


CUSTOMER_FEATURES = tuple(feature for family in FAMILIES for feature in family.FEATURES)
MERCHANT_FEATURES = tuple(feature for days in RISK_WINDOW_DAYS for feature in _merchant(f"{days}d"))
FEATURES = CUSTOMER_FEATURES + MERCHANT_FEATURES + VELOCITY_FEATURES
FEATURE_NAMES = tuple(f.name for f in FEATURES)
KERNEL_REVISION = 1
"""Raise when the meaning of a declared feature changes without its declaration."""


def feature_set_hash() -> str:
    """Version of the feature set: 16 hex digits over the declarations, order included; wording does not count."""
    text = repr((KERNEL_REVISION, HISTORY_DAYS, SETTLE_MS, [f.definition for f in FEATURES]))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
