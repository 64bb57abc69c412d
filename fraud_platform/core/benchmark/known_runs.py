"""What a merchant's last known labels say: the run of frauds without a legitimate transaction between them.

A merchant that has been taken over shows nothing but frauds from some moment on. How long
ago its run began tells how long it may still go on; a run of large amounts alone can be chance.
"""

from typing import NamedTuple

import numpy as np

from fraud_platform.core.arrays import Bools, Floats
from fraud_platform.core.features.windows import Int, RangeMaximum, own_starts, separated_key
from fraud_platform.core.time import DAY_MS

NAMES = ("known_run_days", "known_run_frauds", "known_run_min_amount")


class MerchantLabels(NamedTuple):
    """Labelled transactions in the order of time, all (n,)."""

    merchant: Int
    """Codes from 0 on."""
    time_ms: Int
    amount_cents: Int
    is_fraud: Bools


def known_runs(rows: MerchantLabels, lag_ms: int, window_ms: int) -> Floats:
    """For each row NAMES (n, 3) of its merchant's run of frauds, as labels at least `lag_ms` old tell it.

    Days since the run's first fraud, number of its frauds, and the smallest of their
    amounts; -1, 0 and -1 where the newest such label is not fraud. Labels older than
    lag + window are forgotten, so that the values do not grow with the length of the data.
    """
    order = np.argsort(rows.merchant, kind="stable")
    merchant, times_ms = rows.merchant[order], rows.time_ms[order]
    cents, fraud = rows.amount_cents[order], rows.is_fraud[order]
    key = separated_key(merchant, times_ms, lag_ms + window_ms)
    newest = np.searchsorted(key, key - lag_ms, side="right") - 1
    remembered = np.searchsorted(key, key - lag_ms - window_ms, side="right")
    oldest = np.maximum(remembered, own_starts(merchant))
    in_run = (newest >= oldest) & fraud[newest]
    newest, oldest = newest[in_run], oldest[in_run]
    first = np.maximum(oldest, _run_starts(merchant, fraud)[newest])
    frauds = newest - first + 1
    values = np.tile([-1.0, 0.0, -1.0], (len(order), 1))
    if len(frauds):
        smallest = -RangeMaximum(-cents, int(frauds.max()))(first, newest)
        days = (times_ms[in_run] - times_ms[first]) / DAY_MS
        values[in_run] = np.column_stack((days, frauds, smallest / 100))
    result = np.empty_like(values)
    result[order] = values
    return result


def _run_starts(merchant: Int, fraud: Bools) -> Int:
    """Position after the merchant's last legitimate row, for each row sorted by merchant and time."""
    after_legitimate = np.where(fraud, 0, np.arange(1, len(merchant) + 1))
    return np.maximum.accumulate(np.maximum(after_legitimate, own_starts(merchant)))
