"""How often an entity is met, whoever meets it."""

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from fraud_platform.core.arrays import Floats
from fraud_platform.core.declaration.conditions import those_that_count
from fraud_platform.core.declaration.kinds.line import Draft, Nothing
from fraud_platform.core.declaration.kinds.velocity_line import SETTLED, VelocityLine
from fraud_platform.core.declaration.windows import Window
from fraud_platform.core.declaration.wording import literal
from fraud_platform.core.declaration.world import World


class Velocity(VelocityLine, frozen=True, kw_only=True):
    """The number of the entity's transactions that had arrived a minute before this one."""

    of: Nothing = msgspec.field(name="velocity")

    def draft(self, world: World, window: Window) -> Draft:
        entity, counted = self.owner(world), those_that_count(world, self.where)
        words = f"{entity.called}'s {literal(counted)} in {window.spoken}: {{value:,.0f}}"
        return Draft(f"{entity.word}_velocity", "transactions", f"{counted} in {window.text}, {SETTLED}", words)

    def of_counts(self, events: NDArray[Any], keys: NDArray[Any], counted: NDArray[Any]) -> Floats:
        return counted.astype(np.float64)
