"""Velocity of merchants and devices: their recent transactions, customers and small amounts.

A customer's transactions come in one Kafka partition, in order; a merchant's come in all
of them, and how partitions interleave is chance. So windows leave the newest SETTLE_MS
out: an entity event counts from its arrival on, and a transaction at time t sees those that
arrived in (t - SETTLE_MS - w, t - SETTLE_MS], which every reader has by then.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from fraud_platform.core.arrays import Floats
from fraud_platform.core.features.declaration import WINDOWS_MS
from fraud_platform.core.features.entity_events import EntityEventArray
from fraud_platform.core.features.windows import Int, own_starts

SETTLE_MS = 60_000
"""The settle time: within it, messages become visible whose timestamps are older."""
VELOCITY_WINDOWS = ("1h", "1d")
_WINDOWS_MS = tuple(WINDOWS_MS[window] for window in VELOCITY_WINDOWS)
REACH_MS = SETTLE_MS + max(_WINDOWS_MS)
"""How long before the time that a transaction asks for its windows begin."""

VELOCITY_NAMES = tuple(f"{name}_{w}" for w in VELOCITY_WINDOWS for name in ("velocity", "customers", "small_share"))
"""Of one entity; table.VELOCITY_FEATURES has them for each in turn."""


class EntityEventIndex(NamedTuple):
    """Events of many entities, for counting by binary search. Counts of several indices add up.

    A window's events are those that have come less those that have left it. Its customers
    are those that were added less those that have left: an event adds its customer when it
    comes or, if the customer's event before is still in the window, when that one leaves.
    """

    entity: Int
    """Sorted hashes (k,)."""
    come: Int
    """Keys (k,) of the arrivals, sorted: ms since `start_ms`, and a stride for each row before the entity's first."""
    small: Int
    """Running number of small amounts (k,), in the order of the arrivals."""
    added: tuple[Int, ...]
    """For each window the keys (k,) of the times at which the events add their customers, sorted."""
    start_ms: int
    stride: int

    @property
    def newest_ms(self) -> int:
        """Latest time of any key."""
        return self.start_ms + self.stride - 2

    def counts(self, entity: Int, asked_ms: Int) -> Int:
        """(q, windows, 3) for q queries: events, customers and small amounts in each window before asked_ms.

        Queries sorted by entity are answered faster.
        """
        result = no_counts(len(entity))
        # Windows that end before the first event, or begin after the last one has left, are spared the search.
        within = (asked_ms - SETTLE_MS >= self.start_ms) & (asked_ms - REACH_MS <= self.newest_ms)
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
        for i, (window_ms, added) in enumerate(zip(_WINDOWS_MS, self.added, strict=True)):
            left = np.searchsorted(self.come, keys(SETTLE_MS + window_ms), side="right")
            result[known, i, 0] = come - left
            result[known, i, 1] = np.searchsorted(added, now, side="right") - left
            result[known, i, 2] = self._small_before(come) - self._small_before(left)
        return result

    def _small_before(self, position: Int) -> Int:
        return np.where(position > 0, self.small[position - 1], 0)


def index_of(entity_events: EntityEventArray) -> EntityEventIndex:
    """Index of ENTITY_EVENT rows (k,) in any order; unknown entities are left out.

    Raises OverflowError where its keys do not fit 64 bits: a hundred million events over decades.
    """
    entity_events = entity_events.compress(entity_events["entity"] != 0)
    arrival_ms = entity_events["arrival_ms"]
    added_ms = [np.maximum(arrival_ms, entity_events["previous_ms"] + window_ms) for window_ms in _WINDOWS_MS]
    return _index(entity_events["entity"], arrival_ms, entity_events["small"].astype(np.int64), added_ms)


def merged(indices: Sequence[EntityEventIndex], horizon_ms: int) -> EntityEventIndex:
    """One index of the events of several, without those before the horizon.

    That changes no count of a query whose windows begin after it: each column loses the
    entity's first rows, as many as there are events before, and those have come, left and
    added their customers by then.
    """
    columns = [_columns(index, horizon_ms) for index in indices]
    entity, arrival_ms, small, *added_ms = (np.concatenate(parts) for parts in zip(*columns, strict=True))
    return _index(entity, arrival_ms, small, added_ms)


def no_counts(n: int) -> Int:
    """Counts (n, windows, 3) of no events: what those of the indices are added to."""
    return np.zeros((n, len(_WINDOWS_MS), 3), np.int64)


def velocities(counts: Int) -> Floats:
    """Counts (n, …, windows, 3) as values (n, …): VELOCITY_NAMES of an entity, VELOCITY_FEATURES of all in turn."""
    values = counts.astype(np.float64)
    values[..., 2] /= np.maximum(values[..., 0], 1)
    return values.reshape(len(counts), math.prod(counts.shape[1:]))


def velocities_among(entity_events: EntityEventArray) -> Floats:
    """VELOCITY_FEATURES (n, F) of transactions whose entity events (n, len(ENTITIES)) are all that there are."""
    asked = entity_events.reshape(-1)
    counts = index_of(asked).counts(asked["entity"], asked["asked_ms"])
    return velocities(counts.reshape(*entity_events.shape, *counts.shape[1:]))


def _index(entity: Int, arrival_ms: Int, small: Int, added_ms: Sequence[Int]) -> EntityEventIndex:
    """Columns (k,) in any order; small: 0 or 1, of the event in the same row as the arrival."""
    order = np.argsort(entity, kind="stable")
    entity = entity[order]
    start_ms = int(arrival_ms.min()) if len(entity) else 0
    stride = max(int(times_ms.max(initial=start_ms)) for times_ms in added_ms) - start_ms + 2
    if len(entity) * stride >= 2**63:
        raise OverflowError(f"{len(entity)} entity events over {stride} ms do not fit one index")
    base = own_starts(entity) * stride - start_ms
    come = base + arrival_ms[order]
    by_arrival = np.argsort(come)
    added = tuple(np.sort(base + times_ms[order]) for times_ms in added_ms)
    return EntityEventIndex(entity, come[by_arrival], np.cumsum(small[order][by_arrival]), added, start_ms, stride)


def _columns(index: EntityEventIndex, horizon_ms: int) -> list[Int]:
    """Arguments of `_index` for the events since the horizon."""
    arrival_ms, *added_ms = (keys % index.stride + index.start_ms for keys in (index.come, *index.added))
    columns = [index.entity, arrival_ms, np.diff(index.small, prepend=0), *added_ms]
    return [column[arrival_ms >= horizon_ms] for column in columns]
