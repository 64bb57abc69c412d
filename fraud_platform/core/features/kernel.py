"""The feature kernel: (trailing history ++ new events) of many customers → features, and what joins the history.

The same function runs in the batch assets and inside the stream. Its results depend on
each customer's arrival order only, never on how the events were cut into batches.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fraud_platform.core.features.clock import clocks_and_duplicates
from fraud_platform.core.features.events import NO_EVENTS, EventArray
from fraud_platform.core.features.table import CUSTOMER_FEATURES, DAY_MS, HOUR_MS, SMALL_AMOUNT, WINDOWS_MS
from fraud_platform.core.features.windows import (
    HISTORY_MS,
    Int,
    RangeMaximum,
    distinct_in_window,
    possibly_among,
    previous_and_next,
    segment_starts,
    separated_key,
)

Float = NDArray[np.float64]
Column = NDArray[Any]
EARTH_RADIUS_KM = 6371.0088
"""Mean radius, IUGG 1980."""
ODD = np.int64(-7046029254386353131)
"""The golden ratio in 64 bits: its multiples differ in their low bits."""
SHORTEST_TRIP_SECONDS = 60.0
"""Floor of the time between two places: clocks of terminals differ by about as much."""
SMALLEST_DEVIATION = 1.0
"""Floor, in currency, of the standard deviation that amounts are measured against."""


@dataclass(frozen=True)
class KernelResult:
    """Features of n events.

    values: (n, len(CUSTOMER_FEATURES)) float64, zeros for duplicates; duplicate: (n,);
    kept: EVENT rows of the others, sorted by customer and arrival, their time the
    customer's clock: what later calls want as history.
    """

    values: Float
    duplicate: NDArray[np.bool_]
    kept: EventArray


class _Rows(NamedTuple):
    """Kept rows, sorted by customer and arrival; `new` are the positions of new events."""

    events: EventArray
    key: Int
    clock_ms: Int
    segments: Int
    new: Int


def customer_features(history: EventArray, events: EventArray) -> KernelResult:
    """Features of `events` given their customers' trailing `history`.

    history: `kept` rows of former calls, in the order of those calls for each customer;
    rows older than the history window, and other customers' rows, change nothing. events:
    EVENT rows in arrival order of each customer; customers may be interleaved.
    """
    values = np.zeros((len(CUSTOMER_FEATURES), len(events)))  # a feature's values lie side by side
    if not len(events):
        return KernelResult(values.T, np.zeros(0, bool), NO_EVENTS)
    rows = np.concatenate((history, events))
    order = np.argsort(rows["customer"], kind="stable")
    rows = rows[order]
    segments = _segment_numbers(rows["customer"])
    source = order - len(history)  # position among `events`; negative for history
    own_time_ms = rows["time_ms"].copy()
    clock, duplicate = clocks_and_duplicates(segments, own_time_ms, rows["transaction"].copy(), source >= 0)
    rows["time_ms"] = clock
    is_duplicate = np.zeros(len(events), bool)
    if duplicate.any():
        is_duplicate[source[duplicate]] = True
        kept = ~duplicate
        rows, segments, source, clock = rows[kept], segments[kept], source[kept], clock[kept]

    new = np.flatnonzero(source >= 0)
    target = source[new]
    state = _Rows(rows, separated_key(segments, clock), clock, segments, new)
    columns: dict[str, Column] = {
        **_calendar(events["time_ms"][target]),
        **_amounts(state),
        **_sequence(state),
        **_novelty(state),
        **_travel(state),
    }
    for row, feature in zip(values, CUSTOMER_FEATURES, strict=True):
        row[target] = columns[feature.name]
    return KernelResult(values.T, is_duplicate, rows[new])


def _segment_numbers(sorted_ids: Int) -> Int:
    numbers = np.zeros(len(sorted_ids), np.int64)
    numbers[segment_starts(sorted_ids)[1:]] = 1
    return np.cumsum(numbers)


def _calendar(times_ms: Int) -> dict[str, Column]:
    hour = times_ms // HOUR_MS % 24
    weekday = (times_ms // DAY_MS + 3) % 7  # 1970-01-01 was a Thursday
    return {"hour": hour, "weekday": weekday, "is_weekend": weekday >= 5, "is_night": hour <= 6}


def _amounts(rows: _Rows) -> dict[str, Column]:
    new = rows.new
    cents = np.ascontiguousarray(rows.events["amount_cents"])
    total = np.concatenate(([0], np.cumsum(cents)))
    columns: dict[str, Column] = {"amount": cents[new] / 100}
    first = {w: np.searchsorted(rows.key, rows.key[new] - ms, side="right") for w, ms in WINDOWS_MS.items()}
    count = {w: new - first[w] + 1 for w in WINDOWS_MS}
    longest = int(count["30d"].max()) if len(new) else 1
    largest = RangeMaximum(cents, longest)
    for window in WINDOWS_MS:
        spent = (total[new + 1] - total[first[window]]) / 100
        columns |= {f"count_{window}": count[window], f"sum_{window}": spent, f"mean_{window}": spent / count[window]}
        if window != "1h":
            columns[f"max_{window}"] = largest(first[window], new) / 100
    small = np.concatenate(([0], np.cumsum(cents <= SMALL_AMOUNT * 100)))
    columns["small_count_1h"] = small[new + 1] - small[first["1h"]]
    return columns | _against_history(cents, total, first["30d"], new)


def _against_history(cents: Int, total: Int, first: Int, new: Int) -> dict[str, Column]:
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


def _sequence(rows: _Rows) -> dict[str, Column]:
    new, previous = rows.new, rows.new - 1
    elapsed_ms = rows.clock_ms[new] - rows.clock_ms[previous]
    known = (new > 0) & (rows.segments[previous] == rows.segments[new]) & (elapsed_ms < HISTORY_MS)
    return {"seconds_since_previous": np.where(known, elapsed_ms / 1000, -1.0)}


def _novelty(rows: _Rows) -> dict[str, Column]:
    """First-time flags, and distinct merchants and countries over a day."""
    columns: dict[str, Column] = {}
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
        columns[f"is_new_{entity}"] = ~seen & (values[new] != 0)
        if distinct:
            key = rows.key[at]
            leaves = np.searchsorted(key, key + WINDOWS_MS["1d"], side="left")
            columns[distinct] = distinct_in_window(following, leaves, values != 0)[new]
    return columns


def _within_a_day(rows: _Rows) -> NDArray[np.bool_]:
    """Rows that lie in the one-day window of some new row, and maybe others of the same customers."""
    first_new = rows.new[segment_starts(rows.segments[rows.new])]
    opens = np.full(int(rows.segments[-1]) + 1, np.iinfo(np.int64).max)
    opens[rows.segments[first_new]] = rows.key[first_new] - WINDOWS_MS["1d"]
    return rows.key > opens[rows.segments]


def _travel(rows: _Rows) -> dict[str, Column]:
    """Distance and implied speed from the customer's last known place within the history window."""
    latitude = np.radians(rows.events["latitude"].astype(np.float64))
    longitude = np.radians(rows.events["longitude"].astype(np.float64))
    known = ~(np.isnan(latitude) | np.isnan(longitude))
    last_known = np.maximum.accumulate(np.where(known, np.arange(len(known)), -1))
    new = rows.new
    origin = np.where(new > 0, last_known[new - 1], -1)
    elapsed_ms = rows.clock_ms[new] - rows.clock_ms[origin]
    valid = known[new] & (origin >= 0) & (rows.segments[origin] == rows.segments[new]) & (elapsed_ms < HISTORY_MS)
    new, origin, elapsed_ms = new[valid], origin[valid], elapsed_ms[valid]
    haversine = (
        np.sin((latitude[new] - latitude[origin]) / 2) ** 2
        + np.cos(latitude[new]) * np.cos(latitude[origin]) * np.sin((longitude[new] - longitude[origin]) / 2) ** 2
    )
    km = 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.minimum(haversine, 1.0)))
    distance, speed = np.full(len(valid), -1.0), np.full(len(valid), -1.0)
    distance[valid] = km
    speed[valid] = km * 3600 / np.maximum(elapsed_ms / 1000, SHORTEST_TRIP_SECONDS)
    return {"distance_km": distance, "speed_kmh": speed}
