"""What every family of customer features computes from."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fraud_platform.core.features.declaration import WINDOWS_MS
from fraud_platform.core.features.events import EventArray
from fraud_platform.core.features.windows import GOLDEN_RATIO, Int, possibly_among, previous_and_next, segment_starts

Columns = dict[str, NDArray[Any]]
"""Feature name → its values for the new events."""


class Encounters(NamedTuple):
    """The rows that bear on a customer's encounters with some value, say a merchant: k of all rows.

    They are all rows that share customer and value with a new one, all within a day of
    a new one, and a few others.
    """

    at: Int
    """Their positions (k,), in order."""
    new: Int
    """Which of the k are the new events."""
    values: Int
    """Hashes (k,); 0 means unknown."""
    previous: Int
    """Which of the k is the customer's row before with the same value; -1 where there is none."""
    following: Int
    """Which is the one after; k where there is none."""


@dataclass(frozen=True)
class CustomerRows:
    """History and new events without duplicates, sorted by customer and arrival."""

    events: EventArray
    own_time_ms: Int
    """Time of the event itself; `events` carries the customer's clock."""
    key: Int
    """See windows.separated_key."""
    clock_ms: Int
    segments: Int
    """Number of the customer among those of the call."""
    new: NDArray[np.intp]
    """Positions of the new events: features are wanted for these."""
    _encounters: dict[str, Encounters] = field(default_factory=dict)

    def encounters(self, name: str) -> Encounters:
        """Encounters with the values of a field of EVENT. Of a long history only the rows that bear are sorted."""
        if name not in self._encounters:
            values = self.events[name].astype(np.int64)
            scattered = (values.view(np.uint64) * GOLDEN_RATIO).view(np.int64)
            pairs = np.ascontiguousarray(self.events["customer"]) ^ scattered
            at = np.flatnonzero(possibly_among(pairs, pairs[self.new]) | self._within_a_day())
            previous, following = previous_and_next((values[at], self.segments[at]))
            self._encounters[name] = Encounters(at, np.searchsorted(at, self.new), values[at], previous, following)
        return self._encounters[name]

    def _within_a_day(self) -> NDArray[np.bool_]:
        """Rows that lie in the one-day window of some new row, and maybe others of the same customers."""
        first_new = self.new[segment_starts(self.segments[self.new])]
        opens = np.full(int(self.segments[-1]) + 1, np.iinfo(np.int64).max)
        opens[self.segments[first_new]] = self.key[first_new] - WINDOWS_MS["1d"]
        return self.key > opens[self.segments]


class Arrangement(NamedTuple):
    """History and events of some customers in the order that features are computed in."""

    rows: CustomerRows
    target: Int
    """Position among the events of each new row: rows.new[i] stands for event target[i]."""
    duplicate: NDArray[np.bool_]
    """Which events (n,) are duplicates: they are not among the rows."""

    @property
    def kept(self) -> EventArray:
        """The others, sorted by customer and arrival, their time the customer's clock: history for later calls."""
        return self.rows.events.take(self.rows.new)
