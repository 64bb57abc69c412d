"""The simulated world, which is the declaration in force unless a test says otherwise, and parts of its features."""

from fraud_platform.declared import DECLARATION, FEATURE_SET

KERNEL, LAYOUT, PLAN = FEATURE_SET.kernel, FEATURE_SET.layout, FEATURE_SET.velocity
FEATURES, FEATURE_NAMES = FEATURE_SET.features, FEATURE_SET.names
FIELD_NAMES = tuple(DECLARATION.world.names)
MATURED = FEATURE_SET.matured["merchant_id"]
CUSTOMER_FEATURES, MERCHANT_FEATURES, VELOCITY_FEATURES = (
    tuple(one.feature for one in declared) for declared in (FEATURE_SET.of_key, MATURED, PLAN.declared)
)
