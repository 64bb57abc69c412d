"""The feature kernel: (trailing history ++ new events) of many keys → features, and what joins the history.

The same code runs in the batch assets and inside the stream. Its results depend on the
arrival order of each key only, never on how the events were cut into batches. What a
feature is stands in the module of its kind.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fraud_platform.core.arrays import Bools, Floats
from fraud_platform.core.declaration.declaration import DeclaredFeature
from fraud_platform.core.declaration.kinds.distinct import Distinct
from fraud_platform.core.declaration.world import World
from fraud_platform.core.features.clock import clocks_and_duplicates
from fraud_platform.core.features.event_layout import KEY, TIME_MS, TRANSACTION, EventArray, EventLayout
from fraud_platform.core.features.key_rows import KeyRows
from fraud_platform.core.features.windows import Int, segment_starts, separated_key


class Arrangement(NamedTuple):
    """History and events of some keys in the order that features are computed in."""

    rows: KeyRows
    target: Int
    """Position among the events of each new row: rows.new[i] stands for event target[i]."""
    duplicate: Bools
    """Which events (n,) are duplicates: they are not among the rows."""

    @property
    def kept(self) -> EventArray:
        """The others, sorted by key and arrival, their time the clock of the key: history for later calls."""
        return self.rows.events.take(self.rows.new)


class KernelResult(NamedTuple):
    """Features of n events."""

    values: Floats
    """(n, F) in the order of the features; zeros for duplicates."""
    duplicate: Bools
    kept: EventArray
    """See Arrangement.kept."""


class FeatureKernel:
    """Features of transactions and of the history of their keys."""

    def __init__(self, world: World, declared: Iterable[DeclaredFeature]) -> None:
        """declared: features whose kind has `compute`."""
        self.layout = EventLayout(world)
        self._world = world
        self._declared = tuple(declared)
        self._distinct_over_ms: dict[tuple[str, tuple], int] = {}
        for feature in self._declared:
            if isinstance(line := feature.line, Distinct):
                what, window_ms = (line.of, line.where), feature.window.milliseconds
                self._distinct_over_ms[what] = max(window_ms, self._distinct_over_ms.get(what, 0))

    def features(self, history: EventArray, events: EventArray) -> KernelResult:
        """Features of `events` given the trailing `history` of their keys; see `arrange`."""
        return self.features_of(self.arrange(history, events))

    def features_of(self, arrangement: Arrangement) -> KernelResult:
        """Features of the events that were arranged."""
        rows, target, duplicate = arrangement
        values = np.zeros((len(self._declared), len(duplicate)))  # the values of one feature lie side by side
        if len(target):
            for row, declared in zip(values, self._declared, strict=True):
                row[target] = _defaulted(declared.line.compute(rows, declared.window), declared.feature.default)
        return KernelResult(values.T, duplicate, arrangement.kept)

    def arrange(self, history: EventArray, events: EventArray) -> Arrangement:
        """Sort history and events by key, give each the clock of its key, and leave out duplicates.

        history: `kept` rows of former calls, in the order of those calls for each key; rows
        older than the history window, and rows of other keys, change nothing. events: rows in
        arrival order of each key; keys may be interleaved.
        """
        history_ms = self._world.history.milliseconds
        rows = self.layout.joined((history, events)) if len(events) else self.layout.empty
        order = np.argsort(rows[KEY], kind="stable")
        rows = rows.take(order)
        segments = _segment_numbers(rows[KEY])
        source = order - len(history)  # position among `events`; negative for history
        own_time_ms = rows[TIME_MS].copy()
        clock, duplicate = clocks_and_duplicates(
            segments, own_time_ms, rows[TRANSACTION].copy(), source >= 0, history_ms
        )
        rows[TIME_MS] = clock
        is_duplicate = np.zeros(len(events), bool)
        if duplicate.any():
            is_duplicate[source[duplicate]] = True
            rows, segments, source = rows.compress(~duplicate), segments[~duplicate], source[~duplicate]
            clock, own_time_ms = clock[~duplicate], own_time_ms[~duplicate]
        new = np.flatnonzero(source >= 0)
        kept = KeyRows(
            self._world,
            self.layout,
            rows,
            own_time_ms,
            key=separated_key(segments, clock, history_ms),
            clock_ms=clock,
            segments=segments,
            new=new,
            distinct_over_ms=self._distinct_over_ms,
        )
        return Arrangement(kept, source[new], is_duplicate)


def _defaulted(values: NDArray, default: float) -> NDArray:
    """The values with the default where they are not finite."""
    if values.dtype.kind != "f":
        return values
    return np.where(np.isfinite(values), values, default)


def _segment_numbers(sorted_ids: Int) -> Int:
    numbers = np.zeros(len(sorted_ids), np.int64)
    numbers[segment_starts(sorted_ids)[1:]] = 1
    return np.cumsum(numbers)
