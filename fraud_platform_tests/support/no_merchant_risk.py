"""Scoring without the lake's merchant_risk."""

import numpy as np

from fraud_platform_tests.support.bad_messages import EVENT_TIME_MS
from fraud_platform_tests.support.simulated_world import MERCHANT_FEATURES

SCORED_AT_MS = EVENT_TIME_MS + 1000


class NoRisk:
    """The tables of a lake without merchant_risk."""

    def lookup(self, days, columns):
        return np.tile([f.default for f in MERCHANT_FEATURES], (len(days), 1)), [None] * len(days)
