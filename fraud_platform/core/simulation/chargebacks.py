"""When a fraud is reported: a chargeback comes days after the purchase."""

import numpy as np

from fraud_platform.core.time import DAY_MS

MAX_REPORT_DELAY_DAYS = 20
_LATE_SHARE = 0.03


def reported_at_ms(rng: np.random.Generator, time_ms: np.ndarray) -> np.ndarray:
    """Report times: half a day to 7 days after the fraud, 2 in the median; 3 % take up to 20 days."""
    n = len(time_ms)
    usual = np.clip(rng.lognormal(np.log(2.0), 0.7, n), 0.5, 7)
    late = rng.uniform(7, MAX_REPORT_DELAY_DAYS, n)
    return (time_ms + np.where(rng.random(n) < _LATE_SHARE, late, usual) * DAY_MS).astype(np.int64)
