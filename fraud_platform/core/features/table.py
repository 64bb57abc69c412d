"""All declared features: the one table that training set, model signature, scorer and docs read.

They are declared in config/declarations/simulated.yaml. A feature of the customer is
computed in one file of customer/, a velocity in velocity.py, what labels say of a merchant
in merchant_risk.py.
"""

import hashlib
from collections.abc import Sequence

from fraud_platform.core.declaration.kinds.matured_line import MaturedLine
from fraud_platform.core.declaration.kinds.velocity_line import VelocityLine
from fraud_platform.core.declaration.reading import read_declaration
from fraud_platform.core.features.declaration import HISTORY_DAYS, Feature
from fraud_platform.core.features.velocity import SETTLE_MS
from fraud_platform.shipped_declarations import shipped_declaration

DECLARATION = read_declaration(shipped_declaration("simulated"), "simulated.yaml")
RISK_WINDOW_DAYS = (1, 7, 30)

FEATURES = DECLARATION.features
MERCHANT_FEATURES = DECLARATION.features_of(MaturedLine)
VELOCITY_FEATURES = DECLARATION.features_of(VelocityLine)
CUSTOMER_FEATURES = tuple(f for f in FEATURES if f not in MERCHANT_FEATURES + VELOCITY_FEATURES)
FEATURE_NAMES = tuple(f.name for f in FEATURES)
KERNEL_REVISION = 1
"""Raise when the meaning of a declared feature changes without its declaration."""


def feature_set_hash(features: Sequence[Feature] = FEATURES) -> str:
    """Version of the feature set: 16 hex digits over the declarations, order included; wording does not count."""
    text = repr((KERNEL_REVISION, HISTORY_DAYS, SETTLE_MS, [f.definition for f in features]))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
