"""How much on average."""

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from fraud_platform.core.declaration.fields.field import FieldName
from fraud_platform.core.declaration.kinds.line import Draft
from fraud_platform.core.declaration.kinds.numbers import KeyNumbers
from fraud_platform.core.declaration.windows import Window
from fraud_platform.core.declaration.world import World
from fraud_platform.core.features.key_rows import KeyRows


class Mean(KeyNumbers, frozen=True, kw_only=True):
    """The mean of a number over the key's transactions, this one included."""

    of: FieldName = msgspec.field(name="mean")

    def draft(self, world: World, window: Window) -> Draft:
        return self.statistic(world, window, "mean", "mean")

    def compute(self, rows: KeyRows, window: Window) -> NDArray[Any]:
        first, end = rows.first(window.milliseconds), rows.new + 1
        count = self.known(rows, first, end)
        return np.where(count > 0, self.total(rows, first, end) / np.maximum(count, 1), np.nan)
