"""What a declaration's velocities are counted from: entities, windows, and conditions on their transactions."""

from collections.abc import Sequence

import numpy as np

from fraud_platform.core.arrays import Floats
from fraud_platform.core.declaration.conditions import Where
from fraud_platform.core.declaration.declaration import DeclaredFeature
from fraud_platform.core.declaration.kinds.velocity_line import VelocityLine
from fraud_platform.core.declaration.windows import Window
from fraud_platform.core.declaration.world import World
from fraud_platform.core.features.windows import Int

SETTLE_MS = 60_000
"""The settle time: within it, messages become visible whose timestamps are older."""


class VelocityPlan:
    """Velocities of a declaration, in their order, and the counts that they are made from.

    Every entity is counted over all windows and under all conditions: one search answers them together.
    """

    def __init__(self, world: World, declared: Sequence[DeclaredFeature]) -> None:
        self.world = world
        self.declared = tuple(declared)
        lines = [_line(one) for one in self.declared]
        self.entities = tuple(dict.fromkeys(line.per for line in lines))
        """Fields whose values have velocities."""
        self.windows: tuple[Window, ...] = tuple(dict.fromkeys(one.window for one in self.declared))
        self.conditions: tuple[Where, ...] = tuple(dict.fromkeys(line.where for line in lines if line.where))
        """Those that some velocity counts transactions by."""

    @property
    def windows_ms(self) -> tuple[int, ...]:
        return tuple(window.milliseconds for window in self.windows)

    @property
    def reach_ms(self) -> int:
        """How long before the time that a transaction asks for its windows begin."""
        return SETTLE_MS + max(self.windows_ms, default=0)

    @property
    def counts(self) -> int:
        """How many there are of one window: events, keys, and events that meet each of the conditions."""
        return 2 + len(self.conditions)

    def no_counts(self, n: int) -> Int:
        """Counts (n, windows, counts) of no events."""
        return np.zeros((n, len(self.windows), self.counts), np.int64)

    def of_entity(self, entity: str) -> list[int]:
        """Places of an entity's features among `declared`."""
        return [i for i, one in enumerate(self.declared) if _line(one).per == entity]

    def values(self, counts: Int) -> Floats:
        """Velocities (n, F) from counts (n, entities, windows, counts)."""
        found = np.empty((len(counts), len(self.declared)))
        for at, entity in enumerate(self.entities):
            found[:, self.of_entity(entity)] = self.values_of(entity, counts[:, at])
        return found

    def values_of(self, entity: str, counts: Int) -> Floats:
        """Velocities (n, f) of one entity, in the order of `of_entity`, from its counts (n, windows, counts)."""
        chosen = self.of_entity(entity)
        found = np.empty((len(counts), len(chosen)))
        for column, i in zip(found.T, chosen, strict=True):
            column[:] = self._value(_line(self.declared[i]), counts[:, self.windows.index(self.declared[i].window)])
        return found

    def _value(self, line: VelocityLine, counts: Int) -> Floats:
        events, keys, *met = counts.T
        counted = met[self.conditions.index(line.where)] if line.where else events
        return line.of_counts(events, keys, counted)


def _line(declared: DeclaredFeature) -> VelocityLine:
    assert isinstance(declared.line, VelocityLine)
    return declared.line
