"""The velocities as plain loops: slow and obvious, to hold the kernel against."""

import numpy as np

from fraud_platform.core.features.declaration import WINDOWS_MS
from fraud_platform.core.features.velocity_plan import SETTLE_MS
from fraud_platform_tests.support.simulated_world import KERNEL, LAYOUT, VELOCITY_FEATURES


def loops(events: np.ndarray) -> np.ndarray:
    """VELOCITY_FEATURES of EVENT rows in arrival order: a plain reading of the definition."""
    duplicate = KERNEL.arrange(LAYOUT.empty, events).duplicate
    values = np.zeros((len(events), len(VELOCITY_FEATURES)))
    for column, entity in enumerate(("merchant_id", "device_id")):
        arrivals = [arrival_at(events, duplicate, entity, i) for i in range(len(events))]
        for i, asking in enumerate(events):
            if duplicate[i] or asking[entity] == 0:
                continue
            end = min(asking["_time_ms"], asking["_arrival_ms"]) - SETTLE_MS
            row = []
            for window in ("1h", "1d"):
                inside = [
                    e
                    for j, e in enumerate(events)
                    if not duplicate[j]
                    and e[entity] == asking[entity]
                    and end - WINDOWS_MS[window] < arrivals[j] <= end
                ]
                small = sum(int(e["amount"]) <= 500 for e in inside)
                row += [len(inside), len({int(e["_key"]) for e in inside}), small / max(len(inside), 1)]
            values[i, column * len(row) : (column + 1) * len(row)] = row
    return values


def arrival_at(events: np.ndarray, duplicate: np.ndarray, entity: str, i: int) -> int:
    """Arrival of an event at its merchant or device: never before the customer's earlier ones there."""
    same = (events["_key"] == events["_key"][i]) & (events[entity] == events[entity][i]) & ~duplicate
    return max([int(events["_arrival_ms"][i]), *events["_arrival_ms"][: i + 1][same[: i + 1]].tolist()])
