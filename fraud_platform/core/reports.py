"""When a fraud report is known: the one rule of labels, blocked cards and merchants' risk."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fraud_platform.core.arrays import Days


def known_days(reported_at_ms: NDArray[np.integer[Any]], arrival_days: ArrayLike) -> Days:
    """Days (n,), UTC, from whose start reports are known: the first after both the time in one and its arrival.

    A bank may send its chargebacks once a week: what they say of Tuesday nobody knew before they came.

    >>> known_days(np.array([1_767_225_600_000]), ["2026-01-05"])
    array(['2026-01-06'], dtype='datetime64[D]')
    """
    reported = np.asarray(reported_at_ms, np.int64).astype("datetime64[ms]").astype("datetime64[D]")
    return np.maximum(reported, np.asarray(arrival_days, "datetime64[D]")) + 1
