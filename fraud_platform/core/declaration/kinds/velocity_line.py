"""What lines share that look at what just happened at an entity."""

from typing import Any

from numpy.typing import NDArray

from fraud_platform.core.arrays import Floats
from fraud_platform.core.declaration.kinds.windowed import EntityLine

SETTLED = "the last minute left out"
"""How partitions interleave decides what of the last minute is there: a window ends before it."""


class VelocityLine(EntityLine, frozen=True):
    """Of the entity's transactions that had arrived a minute before this one."""

    def of_counts(self, events: NDArray[Any], keys: NDArray[Any], counted: NDArray[Any]) -> Floats:
        """Values (n,) from what was counted in the window: events, their keys, and those that meet the condition."""
        raise NotImplementedError
