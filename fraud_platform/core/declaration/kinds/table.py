"""The kinds of features. A new one is a module with a class, and a line here."""

from fraud_platform.core.declaration.kinds.calendar import Calendar
from fraud_platform.core.declaration.kinds.count import Count
from fraud_platform.core.declaration.kinds.deviation import Deviation
from fraud_platform.core.declaration.kinds.distance import Distance
from fraud_platform.core.declaration.kinds.distance_between import DistanceBetween
from fraud_platform.core.declaration.kinds.distinct import Distinct
from fraud_platform.core.declaration.kinds.expression import Expression
from fraud_platform.core.declaration.kinds.first_seen import FirstSeen
from fraud_platform.core.declaration.kinds.fraud_share import FraudShare
from fraud_platform.core.declaration.kinds.line import FeatureLine, kind_name
from fraud_platform.core.declaration.kinds.matured_count import MaturedCount
from fraud_platform.core.declaration.kinds.matured_mean import MaturedMean
from fraud_platform.core.declaration.kinds.maximum import Maximum
from fraud_platform.core.declaration.kinds.mean import Mean
from fraud_platform.core.declaration.kinds.minimum import Minimum
from fraud_platform.core.declaration.kinds.ratio_to_mean import RatioToMean
from fraud_platform.core.declaration.kinds.speed import Speed
from fraud_platform.core.declaration.kinds.sum import Sum
from fraud_platform.core.declaration.kinds.time_since_previous import TimeSincePrevious
from fraud_platform.core.declaration.kinds.value import Value
from fraud_platform.core.declaration.kinds.velocity import Velocity
from fraud_platform.core.declaration.kinds.velocity_distinct import VelocityDistinct
from fraud_platform.core.declaration.kinds.velocity_share import VelocityShare
from fraud_platform.core.declaration.kinds.zscore import ZScore

_KINDS: tuple[type[FeatureLine], ...] = (
    Value,
    Calendar,
    DistanceBetween,
    Expression,
    Count,
    Sum,
    Mean,
    Minimum,
    Maximum,
    Deviation,
    ZScore,
    RatioToMean,
    Distinct,
    FirstSeen,
    TimeSincePrevious,
    Distance,
    Speed,
    Velocity,
    VelocityDistinct,
    VelocityShare,
    MaturedCount,
    MaturedMean,
    FraudShare,
)
FEATURE_KINDS: dict[str, type[FeatureLine]] = {kind_name(kind): kind for kind in _KINDS}
"""Name in a declaration → class."""
