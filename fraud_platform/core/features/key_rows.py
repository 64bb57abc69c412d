"""What the kinds of features compute from: the rows of some keys, in order, and the work that kinds share."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from fraud_platform.core.arrays import Bools
from fraud_platform.core.declaration.conditions import Where
from fraud_platform.core.declaration.fields.field import Field
from fraud_platform.core.declaration.world import World
from fraud_platform.core.features.event_layout import KEY, EventArray, EventLayout
from fraud_platform.core.features.windows import GOLDEN_RATIO, Int, possibly_among, previous_and_next, segment_starts

T = TypeVar("T")


class Encounters(NamedTuple):
    """The rows that bear on encounters of a key with some value, say of a customer with a merchant: k of all rows.

    They are all rows that share key and value with a new one, all that lie in a distinct
    count's window of a new one, and a few others.
    """

    at: Int
    """Their positions (k,), in order."""
    new: Int
    """Which of the k are the new events."""
    values: Int
    """Encoded values (k,); 0 means unknown, or that the row does not count."""
    previous: Int
    """Which of the k is the row before of the same key and value; -1 where there is none."""
    following: Int
    """Which is the one after; k where there is none."""


@dataclass(frozen=True)
class KeyRows:
    """History and new events without duplicates, sorted by key and arrival."""

    world: World
    layout: EventLayout
    events: EventArray
    own_time_ms: Int
    """Time of the event itself; `events` carries the clock of its key."""
    key: Int
    """See windows.separated_key."""
    clock_ms: Int
    segments: Int
    """Number of the key among those of the call."""
    new: NDArray[np.intp]
    """Positions of the new events: features are wanted for these."""
    distinct_over_ms: Mapping[tuple[str, Where], int]
    """Field and condition → the longest window that its distinct values are counted in."""
    _shared: dict[Hashable, Any] = field(default_factory=dict)

    def once(self, what: Hashable, make: Callable[[], T]) -> T:
        """What several features need is made once."""
        if what not in self._shared:
            self._shared[what] = make()
        return cast("T", self._shared[what])

    def column(self, name: str) -> NDArray[Any]:
        """Encoded values (n,) of a declared field, of all rows."""
        return self.once(("column", name), lambda: np.ascontiguousarray(self.events[self.layout.column_of(name)]))

    def field_and_column(self, name: str) -> tuple[Field, NDArray[Any]]:
        """A declared field and its encoded values (n,)."""
        return self.world.field(name), self.column(name)

    def own_times(self, name: str | None) -> tuple[Field, Int]:
        """A timestamp field and its times (m,) of the new rows; that of the transaction itself where none is named."""
        field = self.world.of_role("time") if name is None else self.world.field(name)
        times_ms = self.own_time_ms if field.role == "time" else self.column(field.name)
        return field, times_ms[self.new]

    def counted(self, where: Where, name: str | None = None) -> Bools | None:
        """Which rows (n,) meet a condition and know a field; None where all do."""
        return self.once(("counted", where, name), lambda: self._counted(where, name))

    def _counted(self, where: Where, name: str | None) -> Bools | None:
        masks = [test.is_met(*self.field_and_column(test.field)) for test in where]
        if name is not None and self.world.field(name).optional:
            known, column = self.field_and_column(name)
            masks.append(known.is_known(column))
        return np.logical_and.reduce(masks) if masks else None

    def first(self, window_ms: int) -> Int:
        """For each new event the position of the first row in its window (t - w, t]."""
        return self.once(
            ("first", window_ms),
            lambda: np.searchsorted(self.key, self.key[self.new] - window_ms, side="right"),
        )

    def count(self, where: Where, name: str | None, first: Int, end: Int) -> Int:
        """How many of the rows [first, end) meet the condition and know the field."""
        counted = self.counted(where, name)
        if counted is None:
            return end - first
        running: Int = self.once(
            ("running", where, name), lambda: np.concatenate((np.zeros(1, np.int64), np.cumsum(counted)))
        )
        return running[end] - running[first]

    @property
    def longest(self) -> int:
        """Rows in the history of the new event that has most."""
        history_ms = self.world.history.milliseconds
        return int((self.new - self.first(history_ms)).max(initial=0)) + 1

    def seen_within(self, positions: Int, window_ms: int) -> Bools:
        """For each new event, whether the row at the position is of its key and less than the window older.

        positions: (m,), negative where there is no row.
        """
        is_same = (positions >= 0) & (self.segments[positions] == self.segments[self.new])
        return is_same & (self.clock_ms[self.new] - self.clock_ms[positions] < window_ms)

    def encounters(self, name: str, where: Where = ()) -> Encounters:
        """Encounters with the values of an id or category, where rows that miss the condition count for nothing.

        Of a long history only the rows that bear are sorted.
        """
        return self.once(("encounters", name, where), lambda: self._encounters(name, where))

    def _encounters(self, name: str, where: Where) -> Encounters:
        values = self.column(name)
        counted = self.counted(where)
        if counted is not None:
            values = np.where(counted, values, 0)
        scattered = (values.view(np.uint64) * GOLDEN_RATIO).view(np.int64)
        pairs = np.ascontiguousarray(self.events[KEY]) ^ scattered
        bear = possibly_among(pairs, pairs[self.new])
        if (window_ms := self.distinct_over_ms.get((name, where))) is not None:
            bear |= self.once(("recent", window_ms), lambda: self._recent(window_ms))
        at = np.flatnonzero(bear)
        previous, following = previous_and_next((values[at], self.segments[at]))
        return Encounters(at, np.searchsorted(at, self.new), values[at], previous, following)

    def _recent(self, window_ms: int) -> Bools:
        """Rows that lie in the window of some new row, and maybe others of the same keys."""
        first_new = self.new[segment_starts(self.segments[self.new])]
        opens = np.full(int(self.segments[-1]) + 1, np.iinfo(np.int64).max)
        opens[self.segments[first_new]] = self.key[first_new] - window_ms
        return self.key > opens[self.segments]
