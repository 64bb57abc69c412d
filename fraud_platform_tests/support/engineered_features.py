"""The declared features of a simulated period, for the tests of how hard its frauds are to find."""

import numpy as np
import pandas as pd

from fraud_platform.core.features.fraud_status import FraudReports
from fraud_platform.core.features.matured import matured_features
from fraud_platform.core.features.matured_grids import MaturedTransactions
from fraud_platform.core.time import DAY_MS
from fraud_platform_tests.support.simulated_world import (
    FEATURE_NAMES,
    FEATURE_SET,
    KERNEL,
    LAYOUT,
    MATURED,
    MERCHANT_FEATURES,
)
from fraud_platform_tests.support.velocity_at_once import velocities_at_once

LABEL_DELAY_DAYS = 7


def engineered_features(frame: pd.DataFrame) -> pd.DataFrame:
    """All declared features, one row a transaction, with the reports known at the start of its day."""
    events = LAYOUT.rows(frame, frame["event_time_ms"])
    of_customer = KERNEL.features(LAYOUT.empty, events).values
    values = np.hstack([of_customer, _merchant_features(frame, events), velocities_at_once(events)])
    return pd.DataFrame(values, columns=list(FEATURE_NAMES))


def _merchant_features(frame: pd.DataFrame, events: np.ndarray) -> np.ndarray:
    merchant = pd.factorize(frame["merchant_id"])[0].astype(np.int64)
    day = (frame["event_time_ms"] // DAY_MS).to_numpy()
    reported = np.flatnonzero(frame["is_fraud"])
    reported_at = frame["reported_at_ms"].to_numpy()[reported]
    first, last = int(day.min()), int(day.max())
    rows = matured_features(
        FEATURE_SET.world,
        MATURED,
        MaturedTransactions(merchant, events["_transaction"], day, {"amount": events["amount"]}),
        FraudReports(reported, reported_at // DAY_MS + 1, reported_at, np.ones(len(reported), bool)),
        (first, last),
        LABEL_DELAY_DAYS,
    )
    table = np.zeros((merchant.max() + 1, last - first + 1, len(MERCHANT_FEATURES)))
    table[rows.entity, rows.day - first] = rows.values
    return table[merchant, day - first]
