"""How many transactions of an entity have known labels."""

import msgspec
import numpy as np

from fraud_platform.core.arrays import Floats
from fraud_platform.core.declaration.conditions import those_that_count
from fraud_platform.core.declaration.kinds.line import Draft, Nothing
from fraud_platform.core.declaration.kinds.matured_line import MaturedLine
from fraud_platform.core.declaration.windows import Window
from fraud_platform.core.declaration.wording import literal
from fraud_platform.core.declaration.world import World
from fraud_platform.core.features.matured_grids import MaturedGrids


class MaturedCount(MaturedLine, frozen=True, kw_only=True):
    """The number of the entity's matured transactions, as of the day."""

    of: Nothing = msgspec.field(name="matured_count")

    def draft(self, world: World, window: Window) -> Draft:
        entity, counted = self.owner(world), those_that_count(world, self.where)
        words = f"{entity.called}'s {literal(counted)} {self.period(window)}: {{value:,.0f}}"
        return Draft(f"{entity.word}_count", "transactions", f"matured {counted} in {window.text}", words)

    def compute_matured(self, grids: MaturedGrids, window_days: int) -> Floats:
        return grids.count(self.where, None, window_days).astype(np.float64)
