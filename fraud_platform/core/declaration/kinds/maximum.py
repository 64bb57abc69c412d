"""How much at most."""

import msgspec

from fraud_platform.core.declaration.fields.field import FieldName
from fraud_platform.core.declaration.kinds.line import Draft
from fraud_platform.core.declaration.kinds.numbers import KeyNumbers
from fraud_platform.core.declaration.windows import Window
from fraud_platform.core.declaration.world import World


class Maximum(KeyNumbers, frozen=True, kw_only=True):
    """The largest value of a number among the key's transactions, this one included."""

    of: FieldName = msgspec.field(name="max")

    def draft(self, world: World, window: Window) -> Draft:
        return self.statistic(world, window, "max", "largest")
