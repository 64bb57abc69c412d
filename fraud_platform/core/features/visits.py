"""Visits: what a transaction is to its merchant and to its device, made where all of its customer's rows are.

Whether a visit adds a customer to a merchant's window only its customer's earlier visits
tell. So each visit carries the time of the one before, and whoever counts a merchant's
visits, which come from customers everywhere, needs to know nothing else of them.
"""

import numpy as np
from numpy.typing import NDArray

from fraud_platform.core.features.customer.amounts import SMALL_AMOUNT
from fraud_platform.core.features.customer.rows import Arrangement, Encounters
from fraud_platform.core.features.windows import Int

VISIT = np.dtype(
    [
        ("entity", "<i8"),  # hash of the merchant or the device; 0 means unknown
        ("arrival_ms", "<i8"),  # from when on it counts; never before the customer's visit before
        ("previous_ms", "<i8"),  # arrival of the customer's visit before; NEVER where there is none
        ("asked_ms", "<i8"),  # as of when this transaction asks for the entity's velocity
        ("small", "?"),
    ]
)
ENTITIES = ("merchant", "device")
"""Fields of EVENT whose visits are counted: the columns of an array of visits."""
NEVER = np.iinfo(np.int64).min // 2

VisitArray = NDArray[np.void]
_KINDS = np.array([0, 0x5DEECE66D5DEECE6], np.int64)
"""Told apart by these, merchants and devices can share one index even where their identifiers are the same."""


def customer_visits(arrangement: Arrangement) -> VisitArray:
    """VISIT rows (n, len(ENTITIES)) of the n events that were arranged; unknown entities for duplicates."""
    rows, target, duplicate = arrangement
    visits = np.zeros((len(duplicate), len(ENTITIES)), VISIT)
    if not len(target):
        return visits
    new = rows.new
    arrival_ms = rows.events["arrival_ms"]
    for name, kind, column in zip(ENTITIES, _KINDS, visits.T, strict=True):
        met = rows.encounters(name)
        arrived_ms, previous_ms = _in_order(met, arrival_ms[met.at])
        values = met.values[met.new]
        made = np.zeros(len(new), VISIT)
        made["entity"] = np.where(values == 0, 0, values ^ kind)
        made["arrival_ms"], made["previous_ms"] = arrived_ms[met.new], previous_ms[met.new]
        # An event cannot come after its arrival: the later of the two is a clock that runs ahead.
        made["asked_ms"] = np.minimum(rows.own_time_ms[new], arrival_ms[new])
        made["small"] = rows.events["amount_cents"][new] <= SMALL_AMOUNT * 100
        column[target] = made
    return visits


def _in_order(met: Encounters, arrival_ms: Int) -> tuple[Int, Int]:
    """Arrivals that never go back among the rows of a customer and value, and those of the rows before."""
    while True:
        previous_ms = np.where(met.previous >= 0, arrival_ms[met.previous], NEVER)
        later = np.maximum(arrival_ms, previous_ms)
        if np.array_equal(later, arrival_ms):
            return arrival_ms, previous_ms
        arrival_ms = later
