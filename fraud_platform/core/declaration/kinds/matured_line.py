"""What lines share that look at an entity's matured transactions: those whose labels have had time to arrive."""

from collections.abc import Iterator

from fraud_platform.core.arrays import Floats
from fraud_platform.core.declaration.faults import Fault
from fraud_platform.core.declaration.kinds.windowed import EntityLine
from fraud_platform.core.declaration.windows import Window
from fraud_platform.core.declaration.world import World
from fraud_platform.core.features.matured_grids import MaturedGrids
from fraud_platform.core.time import DAY_MS


class MaturedLine(EntityLine, frozen=True, kw_only=True):
    """As of the start of the day: days of transactions, the newest of which is old enough to have its label."""

    def compute_matured(self, grids: MaturedGrids, window_days: int) -> Floats:
        """Values (entities, days) of the feature of a window as of the start of each day."""
        raise NotImplementedError

    def period(self, window: Window) -> str:
        """When, in the words of a reason."""
        return f"in the newest {window.spoken} with known labels"

    def faults(self, world: World) -> Iterator[Fault]:
        yield from super().faults(world)
        for window in self.windows(world):
            if window.milliseconds % DAY_MS:
                yield Fault(
                    "over", f"window {window.text} is no number of days, and labels are counted by day: write 1d"
                )
