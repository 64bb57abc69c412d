"""What the customer has not done before, and how many different things in a day."""

import numpy as np

from fraud_platform.core.features.customer.rows import Columns, CustomerRows
from fraud_platform.core.features.declaration import WINDOWS_MS
from fraud_platform.core.features.windows import HISTORY_MS, distinct_in_window

DISTINCT = {"merchant": "merchants_1d", "country": "countries_1d"}
"""Field → the feature that counts its distinct values."""


def columns(rows: CustomerRows) -> Columns:
    values_of: Columns = {}
    for name in ("merchant", "country", "device", "channel"):
        at, new, values, previous, following = rows.encounters(name)
        clock_ms = rows.clock_ms[at]
        seen = (previous[new] >= 0) & (clock_ms[new] - clock_ms[previous[new]] < HISTORY_MS)
        values_of[f"is_new_{name}"] = ~seen & (values[new] != 0)
        if name in DISTINCT:
            key = rows.key[at]
            leaves = np.searchsorted(key, key + WINDOWS_MS["1d"], side="left")
            values_of[DISTINCT[name]] = distinct_in_window(following, leaves, values != 0)[new]
    return values_of
