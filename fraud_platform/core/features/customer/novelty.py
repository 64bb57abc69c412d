"""What the customer has not done before, and how many different things in a day."""

import numpy as np

from fraud_platform.core.features.customer.rows import Columns, CustomerRows
from fraud_platform.core.features.declaration import WINDOWS_MS, of_customer
from fraud_platform.core.features.windows import HISTORY_MS, distinct_in_window

FEATURES = (
    of_customer(
        "merchants_1d", "1d", "merchants", "distinct merchants in 1d", "customer's merchants in 24 hours: {value:.0f}"
    ),
    of_customer(
        "countries_1d",
        "1d",
        "countries",
        "distinct countries in 1d, unknown ones left out",
        "customer's countries in 24 hours: {value:.0f}",
        words_if_default="countries of the customer's last 24 hours are unknown",
    ),
    of_customer(
        "is_new_merchant",
        "30d",
        "0/1",
        "customer's first transaction with this merchant",
        "merchant is new to the customer",
        words_if_default="customer knows this merchant",
    ),
    *(
        of_customer(
            f"is_new_{name}",
            "30d",
            "0/1",
            f"customer's first transaction {place} this {name}; 0 where unknown",
            f"{name} is new to the customer",
            words_if_default=f"{name} is not new to the customer, or unknown",
        )
        for name, place in (("country", "in"), ("device", "from"), ("channel", "over"))
    ),
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
