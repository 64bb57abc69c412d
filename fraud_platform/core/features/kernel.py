"""The feature kernel: (trailing history ++ new events) of many customers → features, and what joins the history.

The same functions run in the batch assets and inside the stream. Their results depend on
each customer's arrival order only, never on how the events were cut into batches. What
the features are stands in the families' files.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fraud_platform.core.arrays import Floats
from fraud_platform.core.features.clock import clocks_and_duplicates
from fraud_platform.core.features.customer import amounts, calendar, novelty, sequence, travel
from fraud_platform.core.features.customer.rows import Arrangement, CustomerRows
from fraud_platform.core.features.events import NO_EVENTS, EventArray, joined
from fraud_platform.core.features.table import CUSTOMER_FEATURES
from fraud_platform.core.features.windows import Int, segment_starts, separated_key

FAMILIES = (amounts, calendar, sequence, novelty, travel)
"""Modules with columns(rows): the values of some of CUSTOMER_FEATURES for the new events."""


@dataclass(frozen=True)
class KernelResult:
    """Features of n events.

    values: (n, len(CUSTOMER_FEATURES)) float64, zeros for duplicates; duplicate: (n,);
    kept: see `Arrangement`.
    """

    values: Floats
    duplicate: NDArray[np.bool_]
    kept: EventArray


def customer_features(history: EventArray, events: EventArray) -> KernelResult:
    """Features of `events` given their customers' trailing `history`; see `arrange`."""
    return features_of(arrange(history, events))


def features_of(arrangement: Arrangement) -> KernelResult:
    """Features of the events that were arranged."""
    rows, target, duplicate = arrangement
    values = np.zeros((len(CUSTOMER_FEATURES), len(duplicate)))  # a feature's values lie side by side
    if len(target):
        columns = {name: column for family in FAMILIES for name, column in family.columns(rows).items()}
        for row, feature in zip(values, CUSTOMER_FEATURES, strict=True):
            row[target] = columns[feature.name]
    return KernelResult(values.T, duplicate, arrangement.kept)


def arrange(history: EventArray, events: EventArray) -> Arrangement:
    """Sort history and events by customer, give each its customer's clock, and leave out duplicates.

    history: `kept` rows of former calls, in the order of those calls for each customer;
    rows older than the history window, and other customers' rows, change nothing. events:
    EVENT rows in arrival order of each customer; customers may be interleaved.
    """
    rows = joined((history, events)) if len(events) else NO_EVENTS
    order = np.argsort(rows["customer"], kind="stable")
    rows = rows.take(order)
    segments = _segment_numbers(rows["customer"])
    source = order - len(history)  # position among `events`; negative for history
    own_time_ms = rows["time_ms"].copy()
    clock, duplicate = clocks_and_duplicates(segments, own_time_ms, rows["transaction"].copy(), source >= 0)
    rows["time_ms"] = clock
    is_duplicate = np.zeros(len(events), bool)
    if duplicate.any():
        is_duplicate[source[duplicate]] = True
        rows, segments, source = rows.compress(~duplicate), segments[~duplicate], source[~duplicate]
        clock, own_time_ms = clock[~duplicate], own_time_ms[~duplicate]
    new = np.flatnonzero(source >= 0)
    kept = CustomerRows(
        rows, own_time_ms, key=separated_key(segments, clock), clock_ms=clock, segments=segments, new=new
    )
    return Arrangement(kept, source[new], is_duplicate)


def _segment_numbers(sorted_ids: Int) -> Int:
    numbers = np.zeros(len(sorted_ids), np.int64)
    numbers[segment_starts(sorted_ids)[1:]] = 1
    return np.cumsum(numbers)
