"""Velocity of entities, such as merchants and devices: their recent transactions and the keys that made them.

A key's transactions come in one Kafka partition, in order; an entity's come in all of
them, and how partitions interleave is chance. So windows leave the newest SETTLE_MS
out: an entity event counts from its arrival on, and a transaction at time t sees those that
arrived in (t - SETTLE_MS - w, t - SETTLE_MS], which every reader has by then.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from fraud_platform.core.arrays import Bools, Floats
from fraud_platform.core.features.entity_events import EntityEventArray, marks_of
from fraud_platform.core.features.velocity_plan import SETTLE_MS, VelocityPlan
from fraud_platform.core.features.windows import Int, own_starts


class EntityEventIndex(NamedTuple):
    """Events of many entities, for counting by binary search. Counts of several indices add up.

    A window's events are those that have come less those that have left it. Its keys are
    those that were added less those that have left: an event adds its key when it comes
    or, if the key's event before is still in the window, when that one leaves.
    """

    entity: Int
    """Sorted hashes (k,)."""
    come: Int
    """Keys (k,) of the arrivals, sorted: ms since `start_ms`, and a stride for each row before the entity's first."""
    met: tuple[Int, ...]
    """For each condition the running number (k,) of events that meet it, in the order of the arrivals."""
    added: tuple[Int, ...]
    """For each window the keys (k,) of the times at which the events add their own key, sorted."""
    start_ms: int
    stride: int

    @property
    def newest_ms(self) -> int:
        """Latest time of any key."""
        return self.start_ms + self.stride - 2

    def counts(self, plan: VelocityPlan, entity: Int, asked_ms: Int) -> Int:
        """(q, windows, counts) for q queries: what the plan counts in each window before asked_ms.

        Queries sorted by entity are answered faster.
        """
        result = plan.no_counts(len(entity))
        # Windows that end before the first event, or begin after the last one has left, are spared the search.
        within = (asked_ms - SETTLE_MS >= self.start_ms) & (asked_ms - plan.reach_ms <= self.newest_ms)
        known = np.flatnonzero(within)
        first = np.searchsorted(self.entity, entity[known], side="left")
        found = first < len(self.entity)
        found[found] = self.entity[first[found]] == entity[known[found]]
        known, first = known[found], first[found]
        base, elapsed_ms = first * self.stride, asked_ms[known] - self.start_ms

        def keys(age_ms: int) -> Int:
            return base + np.clip(elapsed_ms - age_ms, -1, self.stride - 2)

        now = keys(SETTLE_MS)
        come = np.searchsorted(self.come, now, side="right")
        for i, (window_ms, added) in enumerate(zip(plan.windows_ms, self.added, strict=True)):
            left = np.searchsorted(self.come, keys(SETTLE_MS + window_ms), side="right")
            result[known, i, 0] = come - left
            result[known, i, 1] = np.searchsorted(added, now, side="right") - left
            for j, met in enumerate(self.met, 2):
                result[known, i, j] = _before(met, come) - _before(met, left)
        return result


def index_of(plan: VelocityPlan, entity_events: EntityEventArray) -> EntityEventIndex:
    """Index of entity events (k,) in any order; unknown entities are left out.

    Raises OverflowError where its keys do not fit 64 bits: a hundred million events over decades.
    """
    entity_events = entity_events.compress(entity_events["entity"] != 0)
    arrival_ms = entity_events["arrival_ms"]
    added_ms = [np.maximum(arrival_ms, entity_events["previous_ms"] + window_ms) for window_ms in plan.windows_ms]
    return _index(entity_events["entity"], arrival_ms, marks_of(plan, entity_events), added_ms)


def merged(indices: Sequence[EntityEventIndex], horizon_ms: int) -> EntityEventIndex:
    """One index of the events of several, without those before the horizon.

    That changes no count of a query whose windows begin after it: each column loses the
    entity's first rows, as many as there are events before, and those have come, left and
    added their keys by then.
    """
    parts = [_columns(index, horizon_ms) for index in indices]
    entity, arrival_ms = (np.concatenate([part[i] for part in parts]) for i in (0, 1))
    marks, added_ms = ([np.concatenate(own) for own in zip(*[part[i] for part in parts], strict=True)] for i in (2, 3))
    return _index(entity, arrival_ms, marks, added_ms)


def velocities_among(plan: VelocityPlan, entity_events: EntityEventArray) -> Floats:
    """Velocities (n, F) of transactions whose entity events (n, entities) are all that there are."""
    asked = entity_events.reshape(-1)
    counts = index_of(plan, asked).counts(plan, asked["entity"], asked["asked_ms"])
    return plan.values(counts.reshape(*entity_events.shape, *counts.shape[1:]))


def _before(running: Int, position: Int) -> Int:
    return np.where(position > 0, running[position - 1], 0)


def _index(entity: Int, arrival_ms: Int, marks: Sequence[Bools], added_ms: Sequence[Int]) -> EntityEventIndex:
    """Columns (k,) in any order."""
    order = np.argsort(entity, kind="stable")
    entity = entity[order]
    start_ms = int(arrival_ms.min()) if len(entity) else 0
    newest_ms = max((int(times_ms.max(initial=start_ms)) for times_ms in added_ms), default=start_ms)
    stride = newest_ms - start_ms + 2
    if len(entity) * stride >= 2**63:
        raise OverflowError(f"{len(entity)} entity events over {stride} ms do not fit one index")
    base = own_starts(entity) * stride - start_ms
    come = base + arrival_ms[order]
    by_arrival = np.argsort(come)
    met = tuple(np.cumsum(mark[order][by_arrival], dtype=np.int64) for mark in marks)
    added = tuple(np.sort(base + times_ms[order]) for times_ms in added_ms)
    return EntityEventIndex(entity, come[by_arrival], met, added, start_ms, stride)


def _columns(index: EntityEventIndex, horizon_ms: int) -> tuple[Int, Int, list[Bools], list[Int]]:
    """Arguments of `_index` for the events since the horizon."""
    arrival_ms, *added_ms = (keys % index.stride + index.start_ms for keys in (index.come, *index.added))
    kept = arrival_ms >= horizon_ms
    marks = [np.diff(running, prepend=0).astype(bool)[kept] for running in index.met]
    return index.entity[kept], arrival_ms[kept], marks, [times_ms[kept] for times_ms in added_ms]
