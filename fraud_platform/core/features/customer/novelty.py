"""What the customer has not done before, and how many different things in a day."""

import numpy as np
from numpy.typing import NDArray

from fraud_platform.core.features.customer.rows import Columns, CustomerRows
from fraud_platform.core.features.declaration import WINDOWS_MS, of_customer
from fraud_platform.core.features.windows import (
    HISTORY_MS,
    distinct_in_window,
    possibly_among,
    previous_and_next,
    segment_starts,
)

FEATURES = (
    of_customer("merchants_1d", "1d", "merchants", "distinct merchants in 1d"),
    of_customer("countries_1d", "1d", "countries", "distinct countries in 1d, unknown ones left out"),
    of_customer("is_new_merchant", "30d", "0/1", "customer's first transaction with this merchant"),
    of_customer("is_new_country", "30d", "0/1", "customer's first transaction in this country; 0 where unknown"),
    of_customer("is_new_device", "30d", "0/1", "customer's first transaction from this device; 0 where unknown"),
    of_customer("is_new_channel", "30d", "0/1", "customer's first transaction over this channel; 0 where unknown"),
)
DISTINCT = {"merchant": "merchants_1d", "country": "countries_1d", "device": None, "channel": None}
"""Entity → the feature that counts it, if one does."""
ODD = np.int64(-7046029254386353131)
"""The golden ratio in 64 bits: its multiples differ in their low bits."""


def columns(rows: CustomerRows) -> Columns:
    values_of: Columns = {}
    customers = np.ascontiguousarray(rows.events["customer"])
    recent = _within_a_day(rows)
    for entity, distinct in (
        ("merchant", "merchants_1d"),
        ("country", "countries_1d"),
        ("device", ""),
        ("channel", ""),
    ):
        values = rows.events[entity].astype(np.int64)
        # Of a long history only the rows that can bear on a new one are worth sorting.
        pairs = customers ^ (values * ODD)
        bearing = possibly_among(pairs, pairs[rows.new])
        at = np.flatnonzero(bearing | recent if distinct else bearing)
        new = np.searchsorted(at, rows.new)
        values, clock_ms = values[at], rows.clock_ms[at]
        previous, following = previous_and_next((values, rows.segments[at]))
        seen = (previous[new] >= 0) & (clock_ms[new] - clock_ms[previous[new]] < HISTORY_MS)
        values_of[f"is_new_{entity}"] = ~seen & (values[new] != 0)
        if distinct:
            key = rows.key[at]
            leaves = np.searchsorted(key, key + WINDOWS_MS["1d"], side="left")
            values_of[distinct] = distinct_in_window(following, leaves, values != 0)[new]
    return values_of


def _within_a_day(rows: CustomerRows) -> NDArray[np.bool_]:
    """Rows that lie in the one-day window of some new row, and maybe others of the same customers."""
    first_new = rows.new[segment_starts(rows.segments[rows.new])]
    opens = np.full(int(rows.segments[-1]) + 1, np.iinfo(np.int64).max)
    opens[rows.segments[first_new]] = rows.key[first_new] - WINDOWS_MS["1d"]
    return rows.key > opens[rows.segments]
