"""What the customer has not done before, and how many different things in a day."""

import numpy as np

from fraud_platform.core.features.customer.rows import Columns, CustomerRows
from fraud_platform.core.features.declaration import WINDOWS_MS, of_customer
from fraud_platform.core.features.windows import HISTORY_MS, distinct_in_window

FEATURES = (
    of_customer("merchants_1d", "1d", "merchants", "distinct merchants in 1d"),
    of_customer("countries_1d", "1d", "countries", "distinct countries in 1d, unknown ones left out"),
    of_customer("is_new_merchant", "30d", "0/1", "customer's first transaction with this merchant"),
    of_customer("is_new_country", "30d", "0/1", "customer's first transaction in this country; 0 where unknown"),
    of_customer("is_new_device", "30d", "0/1", "customer's first transaction from this device; 0 where unknown"),
    of_customer("is_new_channel", "30d", "0/1", "customer's first transaction over this channel; 0 where unknown"),
)
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
