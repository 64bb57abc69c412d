"""The velocities as plain loops: slow and obvious, to hold the kernel against."""

import numpy as np

from fraud_platform.core.features.customer.amounts import SMALL_AMOUNT
from fraud_platform.core.features.declaration import WINDOWS_MS
from fraud_platform.core.features.entity_events import ENTITIES
from fraud_platform.core.features.events import NO_EVENTS
from fraud_platform.core.features.kernel import arrange
from fraud_platform.core.features.table import VELOCITY_FEATURES
from fraud_platform.core.features.velocity import SETTLE_MS, VELOCITY_WINDOWS


def loops(events: np.ndarray) -> np.ndarray:
    """VELOCITY_FEATURES of EVENT rows in arrival order: a plain reading of the definition."""
    duplicate = arrange(NO_EVENTS, events).duplicate
    values = np.zeros((len(events), len(VELOCITY_FEATURES)))
    for column, entity in enumerate(ENTITIES):
        arrivals = [arrival_at(events, duplicate, entity, i) for i in range(len(events))]
        for i, asking in enumerate(events):
            if duplicate[i] or asking[entity] == 0:
                continue
            end = min(asking["time_ms"], asking["arrival_ms"]) - SETTLE_MS
            row = []
            for window in VELOCITY_WINDOWS:
                inside = [
                    e
                    for j, e in enumerate(events)
                    if not duplicate[j]
                    and e[entity] == asking[entity]
                    and end - WINDOWS_MS[window] < arrivals[j] <= end
                ]
                small = sum(int(e["amount_cents"]) <= SMALL_AMOUNT * 100 for e in inside)
                row += [len(inside), len({int(e["customer"]) for e in inside}), small / max(len(inside), 1)]
            values[i, column * len(row) : (column + 1) * len(row)] = row
    return values


def arrival_at(events: np.ndarray, duplicate: np.ndarray, entity: str, i: int) -> int:
    """Arrival of an event at its merchant or device: never before the customer's earlier ones there."""
    same = (events["customer"] == events["customer"][i]) & (events[entity] == events[entity][i]) & ~duplicate
    return max([int(events["arrival_ms"][i]), *events["arrival_ms"][: i + 1][same[: i + 1]].tolist()])
