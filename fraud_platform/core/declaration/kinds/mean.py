"""How much on average."""

import msgspec

from fraud_platform.core.declaration.fields.field import FieldName
from fraud_platform.core.declaration.kinds.line import Draft
from fraud_platform.core.declaration.kinds.numbers import KeyNumbers
from fraud_platform.core.declaration.windows import Window
from fraud_platform.core.declaration.world import World


class Mean(KeyNumbers, frozen=True, kw_only=True):
    """The mean of a number over the key's transactions, this one included."""

    of: FieldName = msgspec.field(name="mean")

    def draft(self, world: World, window: Window) -> Draft:
        return self.statistic(world, window, "mean", "mean")
