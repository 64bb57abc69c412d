"""Transactions as fixed-width numeric rows: what the kernel reads and what the scorer keeps as state."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fraud_platform.core.channels import CHANNELS

EVENT = np.dtype(
    [
        ("customer", "<i8"),  # hashes of the identifiers; 0 means unknown
        ("transaction", "<i8"),
        ("merchant", "<i8"),
        ("device", "<i8"),
        ("time_ms", "<i8"),  # of a new event: its own time; of history: the customer's clock
        ("arrival_ms", "<i8"),
        ("amount_cents", "<i8"),  # integers, so that window sums are exact however batches are cut
        ("latitude", "<f4"),  # NaN means unknown
        ("longitude", "<f4"),
        ("country", "<i2"),  # two letters as 1 + 26 * first + second; 0 means unknown
        ("channel", "<i2"),
    ]
)
COLUMNS = (
    "customer_id",
    "transaction_id",
    "merchant_id",
    "device_id",
    "event_time_ms",
    "amount",
    "latitude",
    "longitude",
    "country",
    "channel",
)
"""Fields of a Transaction that the kernel needs, beside its arrival."""

EventArray = NDArray[np.void]
NO_EVENTS: EventArray = np.empty(0, EVENT)


def joined(parts: Iterable[EventArray]) -> EventArray:
    """All parts' rows. As bytes, since NumPy copies rows of fields one field at a time: eight times as long.

    For the same reason rows are chosen with `take` and `compress` wherever there may be many, and not by brackets.
    """
    return np.concatenate([np.empty(0, np.uint8), *(np.ascontiguousarray(part).view(np.uint8) for part in parts)]).view(
        EVENT
    )


def events_from_columns(
    columns: Mapping[str, Sequence[Any] | NDArray[Any]], arrivals_ms: Sequence[int] | NDArray[np.int64]
) -> EventArray:
    """EVENT rows from the columns named in COLUMNS, in the same order. Missing values are None or NaN.

    arrivals_ms: timestamps of the messages.
    """
    events = np.empty(len(columns["customer_id"]), EVENT)
    for name in ("customer", "transaction", "merchant", "device"):
        events[name] = _hash(columns[f"{name}_id"])
    events["time_ms"] = columns["event_time_ms"]
    events["arrival_ms"] = arrivals_ms
    events["amount_cents"] = np.rint(np.asarray(columns["amount"], np.float64) * 100)
    for name in ("latitude", "longitude"):
        events[name] = np.asarray(columns[name], np.float32)
    events["country"] = _codes(columns["country"], _country_code)
    events["channel"] = _codes(columns["channel"], lambda channel: 1 + CHANNELS.index(channel))
    return events


def _hash(identifiers: Sequence[Any] | NDArray[Any]) -> NDArray[np.int64]:
    """64-bit SipHash of each identifier; stable across processes and machines. 0 for missing ones."""
    values = np.asarray(identifiers, object)
    missing = pd.isna(values)
    hashed = pd.util.hash_array(np.where(missing, "", values), categorize=False).astype(np.int64)
    hashed[missing] = 0
    return hashed


def _codes(values: Sequence[Any] | NDArray[Any], code: Any) -> NDArray[np.int16]:
    codes, uniques = pd.factorize(np.asarray(values, object))
    table = np.array([*(code(value) for value in uniques), 0], np.int16)
    return table[codes]  # factorize gives -1, the last entry, to missing values


def _country_code(country: str) -> int:
    return 1 + 26 * (ord(country[0]) - ord("A")) + ord(country[1]) - ord("A")
