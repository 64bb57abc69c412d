"""Which share of an entity's transactions was fraud."""

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


class FraudShare(MaturedLine, frozen=True, kw_only=True):
    """The share of reported frauds among the entity's matured transactions, as known on the day."""

    of: Nothing = msgspec.field(name="fraud_share")

    def draft(self, world: World, window: Window) -> Draft:
        entity, counted = self.owner(world), those_that_count(world, self.where)
        period = self.period(window)
        return Draft(
            f"{entity.word}_fraud_share",
            "share",
            f"reported frauds among matured {counted} in {window.text}",
            f"{{value:.1%}} of the {entity.called}'s {literal(counted)} {period} were fraud",
            f"no fraud at this {entity.called} {period}",
        )

    def compute_matured(self, grids: MaturedGrids, window_days: int) -> Floats:
        return grids.frauds(self.where, window_days) / np.maximum(grids.count(self.where, None, window_days), 1)
