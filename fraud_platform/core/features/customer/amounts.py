"""How often and how much: counts, sums, means and largest amounts, and the amount against the customer's habits."""

import numpy as np

from fraud_platform.core.features.customer.rows import Columns, CustomerRows
from fraud_platform.core.features.declaration import WINDOWS_MS
from fraud_platform.core.features.windows import Int, RangeMaximum

SMALL_AMOUNT = 5.0
"""Amounts up to this are the probes of card testers."""
SMALLEST_DEVIATION = 1.0
"""Floor, in currency, of the standard deviation that amounts are measured against."""


def columns(rows: CustomerRows) -> Columns:
    new = rows.new
    cents = np.ascontiguousarray(rows.events["amount_cents"])
    total = np.concatenate(([0], np.cumsum(cents)))
    values: Columns = {"amount": cents[new] / 100}
    first = {w: np.searchsorted(rows.key, rows.key[new] - ms, side="right") for w, ms in WINDOWS_MS.items()}
    count = {w: new - first[w] + 1 for w in WINDOWS_MS}
    longest = int(count["30d"].max()) if len(new) else 1
    largest = RangeMaximum(cents, longest)
    for window in WINDOWS_MS:
        spent = (total[new + 1] - total[first[window]]) / 100
        values |= {f"count_{window}": count[window], f"sum_{window}": spent, f"mean_{window}": spent / count[window]}
        if window != "1h":
            values[f"max_{window}"] = largest(first[window], new) / 100
    small = np.concatenate(([0], np.cumsum(cents <= SMALL_AMOUNT * 100)))
    values["small_count_1h"] = small[new + 1] - small[first["1h"]]
    return values | _against_history(cents, total, first["30d"], new)


def _against_history(cents: Int, total: Int, first: Int, new: Int) -> Columns:
    """Ratio and z-score against the rows before this one in the 30-day window."""
    before = new - first
    n = np.maximum(before, 1)
    spent = (total[new] - total[first]).astype(np.float64)
    squares = cents * cents  # below 2**63 for MAX_AMOUNT; summed in two halves, exactly
    high = np.concatenate(([0], np.cumsum(squares >> 32)))
    low = np.concatenate(([0], np.cumsum(squares & 0xFFFFFFFF)))
    sum_of_squares = (high[new] - high[first]) * 2.0**32 + (low[new] - low[first])
    mean = spent / n
    deviation = np.sqrt(np.maximum(sum_of_squares / n - mean * mean, 0.0))
    amount = cents[new]
    ratio = np.where((before > 0) & (mean > 0), amount / np.where(mean > 0, mean, 1.0), 1.0)
    zscore = (amount - mean) / np.maximum(deviation, SMALLEST_DEVIATION * 100)
    return {"amount_to_mean_30d": ratio, "amount_zscore_30d": np.where(before > 0, zscore, 0.0)}
