"""Entity events: what a transaction is to its merchant and to its device, made where all of its customer's rows are.

An entity event adds a new customer to a merchant's window only if no earlier event of that
customer with that merchant lies in the window. So each one carries the time of the one
before, and whoever counts a merchant's events, which come from customers everywhere, needs
to know nothing else of those customers.
"""

import numpy as np
from numpy.typing import NDArray

from fraud_platform.core.features.event_layout import ARRIVAL_MS
from fraud_platform.core.features.kernel import Arrangement
from fraud_platform.core.features.key_rows import Encounters
from fraud_platform.core.features.windows import Int

ENTITY_EVENT = np.dtype(
    [
        ("entity", "<i8"),  # hash of the merchant or the device; 0 means unknown
        ("arrival_ms", "<i8"),  # from when on it counts; never before the same customer's event before
        ("previous_ms", "<i8"),  # arrival of the same customer's event before; NEVER where there is none
        ("asked_ms", "<i8"),  # as of when this transaction asks for the entity's velocity
        ("small", "?"),
    ]
)
ENTITIES = ("merchant", "device")
"""The columns of an array of entity events."""
_FIELDS = ("merchant_id", "device_id")
SMALL_AMOUNT = 5.0
"""Amounts up to this are the probes of card testers."""
NEVER = np.iinfo(np.int64).min // 2

EntityEventArray = NDArray[np.void]
_KINDS = np.array([0, 0x5DEECE66D5DEECE6], np.int64)
"""Told apart by these, merchants and devices can share one index even where their identifiers are the same."""


def entity_events_of(arrangement: Arrangement) -> EntityEventArray:
    """ENTITY_EVENT rows (n, len(ENTITIES)) of the n events that were arranged; unknown entities for duplicates."""
    rows, target, duplicate = arrangement
    entity_events = np.zeros((len(duplicate), len(ENTITIES)), ENTITY_EVENT)
    if not len(target):
        return entity_events
    new = rows.new
    arrival_ms = rows.events[ARRIVAL_MS]
    for name, kind, column in zip(_FIELDS, _KINDS, entity_events.T, strict=True):
        met = rows.encounters(name)
        arrived_ms, previous_ms = _in_order(met, arrival_ms[met.at])
        values = met.values[met.new]
        made = np.zeros(len(new), ENTITY_EVENT)
        made["entity"] = np.where(values == 0, 0, values ^ kind)
        made["arrival_ms"], made["previous_ms"] = arrived_ms[met.new], previous_ms[met.new]
        # An event cannot come after its arrival: the later of the two is a clock that runs ahead.
        made["asked_ms"] = np.minimum(rows.own_time_ms[new], arrival_ms[new])
        made["small"] = rows.column("amount")[new] <= SMALL_AMOUNT * 100
        column[target] = made
    return entity_events


def _in_order(met: Encounters, arrival_ms: Int) -> tuple[Int, Int]:
    """Arrivals that never go back among the rows of a customer and value, and those of the rows before.

    A round looks twice as far back as the one before it: a clock that ran ahead once costs
    the logarithm of the rows behind it in rounds, and not their number.
    """
    before = met.previous
    while True:
        later = np.maximum(arrival_ms, np.where(before >= 0, arrival_ms[before], NEVER))
        if np.array_equal(later, arrival_ms):
            return arrival_ms, np.where(met.previous >= 0, arrival_ms[met.previous], NEVER)
        arrival_ms = later
        before = np.where(before >= 0, before[before], -1)
