"""Transactions as fixed-width numeric rows: what the kernel reads and what the scorer keeps as state."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fraud_platform.core.declaration.fields.field import Field
from fraud_platform.core.declaration.world import World

EventArray = NDArray[np.void]

KEY, TRANSACTION, TIME_MS, ARRIVAL_MS = "_key", "_transaction", "_time_ms", "_arrival_ms"
"""Columns of every layout. No declared field has such a name.

`_time_ms` of a new event is its own time; of history it is the clock of the key.
"""


class EventLayout:
    """The columns of event rows in one world."""

    def __init__(self, world: World) -> None:
        self._transaction, self._time = world.of_role("transaction"), world.of_role("time")
        self._key = world.with_role("key") or self._transaction
        roles = (self._transaction, self._time, self._key)
        self._others = tuple(field for field in world if field not in roles)
        system = [(name, "<i8") for name in (KEY, TRANSACTION, TIME_MS, ARRIVAL_MS)]
        self.dtype = np.dtype([*system, *((field.name, field.EVENT_TYPE) for field in self._others)])

    @property
    def version(self) -> str:
        """16 hex digits that change where rows of an older layout cannot be read."""
        return hashlib.sha256(repr(self.dtype.descr).encode()).hexdigest()[:16]

    @property
    def empty(self) -> EventArray:
        """No rows."""
        return np.empty(0, self.dtype)

    def column_of(self, field: str) -> str:
        """The column that has the values of a declared field."""
        roles = {self._transaction.name: TRANSACTION, self._time.name: TIME_MS, self._key.name: KEY}
        return roles.get(field, field)

    def rows(self, columns: Mapping[str, Any], arrivals_ms: Any) -> EventArray:
        """Rows (n,) from values by field, in the same order; None and NaN mean unknown.

        arrivals_ms: timestamps (n,) of the messages. Raises KeyError where a field that is not optional is missing.
        """

        def encoded(field: Field) -> NDArray[Any]:
            if field.name in columns or not field.optional:
                return field.encoded(columns[field.name])
            return field.encoded(np.full(len(columns[self._transaction.name]), None, object))

        return self.rows_of(encoded, arrivals_ms)

    def rows_of(self, encoded: Callable[[Field], NDArray[Any]], arrivals_ms: Any) -> EventArray:
        """The same from a function that gives the encoded values (n,) of a field."""
        made = np.empty(len(arrivals_ms), self.dtype)
        made[KEY], made[TRANSACTION], made[TIME_MS] = map(encoded, (self._key, self._transaction, self._time))
        made[ARRIVAL_MS] = arrivals_ms
        for field in self._others:
            made[field.name] = encoded(field)
        return made

    def joined(self, parts: Iterable[EventArray]) -> EventArray:
        """The rows of all parts. Bytes are joined, since NumPy copies rows of fields one field at a time.

        That takes eight times as long. Choose rows with `take` and `compress` for the same reason.
        """
        as_bytes = [np.ascontiguousarray(part).view(np.uint8) for part in parts]
        return np.concatenate([np.empty(0, np.uint8), *as_bytes]).view(self.dtype)
