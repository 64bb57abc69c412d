"""All declared features: the one table that training set, model signature, scorer and docs read.

They are declared in config/declarations/simulated.yaml. A feature of the customer is
computed by its kind (declaration/kinds/), a velocity in velocity.py, and what labels say of
a merchant in merchant_risk.py.
"""

import hashlib
from collections.abc import Sequence

from fraud_platform.core.declaration.kinds.matured_line import MaturedLine
from fraud_platform.core.declaration.kinds.velocity_line import VelocityLine
from fraud_platform.core.declaration.reading import read_declaration
from fraud_platform.core.features.declaration import HISTORY_DAYS, Feature
from fraud_platform.core.features.kernel import FeatureKernel
from fraud_platform.core.features.velocity import SETTLE_MS
from fraud_platform.shipped_declarations import shipped_declaration

DECLARATION = read_declaration(shipped_declaration("simulated"), "simulated.yaml")
FEATURES = DECLARATION.features
MATURED = tuple(declared for declared in DECLARATION.declared if isinstance(declared.line, MaturedLine))
MERCHANT_FEATURES = tuple(declared.feature for declared in MATURED)
VELOCITY_FEATURES = DECLARATION.features_of(VelocityLine)
_OF_THE_KEY = [d for d in DECLARATION.declared if not isinstance(d.line, (MaturedLine, VelocityLine))]
CUSTOMER_FEATURES = tuple(declared.feature for declared in _OF_THE_KEY)
KERNEL = FeatureKernel(DECLARATION.world, _OF_THE_KEY)
LAYOUT = KERNEL.layout
FIELD_NAMES = tuple(DECLARATION.world.names)
FEATURE_NAMES = tuple(f.name for f in FEATURES)
KERNEL_REVISION = 1
"""Raise when the meaning of a declared feature changes without its declaration."""


def feature_set_hash(features: Sequence[Feature] = FEATURES) -> str:
    """Version of the feature set: 16 hex digits over the declarations, order included; wording does not count."""
    text = repr((KERNEL_REVISION, HISTORY_DAYS, SETTLE_MS, [f.definition for f in features]))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
