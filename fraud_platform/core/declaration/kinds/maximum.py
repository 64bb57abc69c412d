"""How much at most."""

from typing import Any, ClassVar

import msgspec
from numpy.typing import NDArray

from fraud_platform.core.declaration.fields.field import FieldName
from fraud_platform.core.declaration.kinds.line import Draft
from fraud_platform.core.declaration.kinds.numbers import KeyNumbers
from fraud_platform.core.declaration.windows import Window
from fraud_platform.core.declaration.world import World
from fraud_platform.core.features.key_rows import KeyRows


class Maximum(KeyNumbers, frozen=True, kw_only=True):
    """The largest value of a number among the key's transactions, this one included."""

    ADDS: ClassVar[bool] = False

    of: FieldName = msgspec.field(name="max")

    def draft(self, world: World, window: Window) -> Draft:
        return self.statistic(world, window, "max", "largest")

    def compute(self, rows: KeyRows, window: Window) -> NDArray[Any]:
        return self.extreme(rows, window, 1)
