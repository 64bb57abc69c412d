"""How much at least."""

from typing import Any, ClassVar

import msgspec
from numpy.typing import NDArray

from fraud_platform.core.declaration.fields.field import FieldName
from fraud_platform.core.declaration.kinds.line import Draft
from fraud_platform.core.declaration.kinds.numbers import KeyNumbers
from fraud_platform.core.declaration.windows import Window
from fraud_platform.core.declaration.world import World
from fraud_platform.core.features.key_rows import KeyRows


class Minimum(KeyNumbers, frozen=True, kw_only=True):
    """The smallest value of a number among the key's transactions, this one included."""

    ADDS: ClassVar[bool] = False

    of: FieldName = msgspec.field(name="min")

    def draft(self, world: World, window: Window) -> Draft:
        return self.statistic(world, window, "min", "smallest")

    def compute(self, rows: KeyRows, window: Window) -> NDArray[Any]:
        return self.extreme(rows, window, -1)
