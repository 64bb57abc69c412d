"""How much values differ."""

import msgspec

from fraud_platform.core.declaration.fields.field import FieldName
from fraud_platform.core.declaration.kinds.line import Draft
from fraud_platform.core.declaration.kinds.numbers import KeyNumbers
from fraud_platform.core.declaration.windows import Window
from fraud_platform.core.declaration.world import World


class Deviation(KeyNumbers, frozen=True, kw_only=True):
    """The standard deviation of a number over the key's transactions, this one included; 0 of a single one."""

    of: FieldName = msgspec.field(name="std")

    def draft(self, world: World, window: Window) -> Draft:
        return self.statistic(world, window, "std", "standard deviation of")
