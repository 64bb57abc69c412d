"""Entity events: what a transaction is to its merchant or device, made where all of its key's rows are.

An entity event adds a new key to a merchant's window only if no earlier event of that key
with that merchant lies in the window. So each one carries the time of the one before, and
whoever counts a merchant's events, which come from keys everywhere, needs to know nothing
else of those keys.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fraud_platform.core.arrays import Bools
from fraud_platform.core.features.event_layout import ARRIVAL_MS
from fraud_platform.core.features.kernel import Arrangement
from fraud_platform.core.features.key_rows import Encounters
from fraud_platform.core.features.velocity_plan import VelocityPlan
from fraud_platform.core.features.windows import Int

_FIELDS: list[tuple[str, str]] = [
    ("entity", "<i8"),  # hash of its value; 0 means unknown
    ("arrival_ms", "<i8"),  # from when on it counts; never before the same key's event before
    ("previous_ms", "<i8"),  # arrival of the same key's event before; NEVER where there is none
    ("asked_ms", "<i8"),  # as of when this transaction asks for the entity's velocity
]
NEVER = np.iinfo(np.int64).min // 2

EntityEventArray = NDArray[np.void]
_APART = 0x5DEECE66D5DEECE6
"""Times the number of an entity, this tells entities of one index apart whose values are the same."""


def entity_event_type(plan: VelocityPlan) -> np.dtype[Any]:
    """Of entity events: one more field, `met_0` and so on, for each condition that transactions are counted by."""
    return np.dtype([*_FIELDS, *((f"met_{i}", "?") for i in range(len(plan.conditions)))])


def no_entity_events(plan: VelocityPlan, n: int) -> EntityEventArray:
    """Entity events (n, entities) of transactions whose entities are unknown."""
    return np.zeros((n, len(plan.entities)), entity_event_type(plan))


def marks_of(plan: VelocityPlan, entity_events: EntityEventArray) -> list[Bools]:
    """For each condition, which of the events meet it."""
    return [np.ascontiguousarray(entity_events[f"met_{i}"]) for i in range(len(plan.conditions))]


def entity_events_of(plan: VelocityPlan, arrangement: Arrangement) -> EntityEventArray:
    """Entity events (n, entities) of the n events that were arranged; unknown entities for duplicates."""
    rows, target, duplicate = arrangement
    entity_events = no_entity_events(plan, len(duplicate))
    if not len(target) or not plan.entities:
        return entity_events
    new = rows.new
    arrival_ms = rows.events[ARRIVAL_MS]
    marks = [rows.counted(condition) for condition in plan.conditions]
    for number, (name, column) in enumerate(zip(plan.entities, entity_events.T, strict=True)):
        met = rows.encounters(name)
        arrived_ms, previous_ms = _in_order(met, arrival_ms[met.at])
        values = met.values[met.new]
        made = np.zeros(len(new), entity_events.dtype)
        made["entity"] = np.where(values == 0, 0, values ^ _apart(number))
        made["arrival_ms"], made["previous_ms"] = arrived_ms[met.new], previous_ms[met.new]
        # An event cannot come after its arrival: the later of the two is a clock that runs ahead.
        made["asked_ms"] = np.minimum(rows.own_time_ms[new], arrival_ms[new])
        for i, mark in enumerate(marks):
            made[f"met_{i}"] = True if mark is None else mark[new]
        column[target] = made
    return entity_events


def _apart(number: int) -> np.int64:
    return np.uint64(number * _APART % 2**64).astype(np.int64)


def _in_order(met: Encounters, arrival_ms: Int) -> tuple[Int, Int]:
    """Arrivals that never go back among the rows of a key and value, and those of the rows before.

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
