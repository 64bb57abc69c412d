"""Which share of an entity's transactions meets a condition."""

from typing import Annotated, Any

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from fraud_platform.core.arrays import Floats
from fraud_platform.core.declaration.conditions import Where, those_that_count
from fraud_platform.core.declaration.kinds.line import Draft, Nothing
from fraud_platform.core.declaration.kinds.velocity_line import SETTLED, VelocityLine
from fraud_platform.core.declaration.windows import Window
from fraud_platform.core.declaration.wording import literal
from fraud_platform.core.declaration.world import World


class VelocityShare(VelocityLine, frozen=True, kw_only=True):
    """The share of the entity's transactions up to a minute before that meet the condition; 0 where it had none."""

    of: Nothing = msgspec.field(name="velocity_share")
    where: Annotated[Where, Meta(min_length=1)]

    def draft(self, world: World, window: Window) -> Draft:
        entity, counted = self.owner(world), those_that_count(world, self.where)
        return Draft(
            f"{entity.word}_share",
            "share",
            f"share of {counted} among its transactions in {window.text}, {SETTLED}",
            f"{{value:.0%}} of the {entity.called}'s {self._said_of_them(world, window)}",
        )

    def of_counts(self, events: NDArray[Any], keys: NDArray[Any], counted: NDArray[Any]) -> Floats:
        return counted / np.maximum(events, 1)

    def _said_of_them(self, world: World, window: Window) -> str:
        tests = self.where
        if len(tests) == 1 and world.field(tests[0].field).is_amount:
            amounts = world.field(tests[0].field).called_in_plural
            return literal(f"{amounts} in {window.spoken} are {tests[0].spoken}")
        met = " and ".join(f"{world.field(test.field).called} {test.spoken}" for test in tests)
        return literal(f"transactions in {window.spoken} have {met}")
