"""How much values differ."""

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


class Deviation(KeyNumbers, frozen=True, kw_only=True):
    """The standard deviation of a number over the key's transactions, this one included; 0 of a single one."""

    of: FieldName = msgspec.field(name="std")

    def draft(self, world: World, window: Window) -> Draft:
        return self.statistic(world, window, "std", "standard deviation of")

    def compute(self, rows: KeyRows, window: Window) -> NDArray[Any]:
        first, end = rows.first(window.milliseconds), rows.new + 1
        count = self.known(rows, first, end)
        _, deviation = self.mean_and_deviation(rows, first, end)
        return np.where(count > 0, deviation / self.number(rows.world).units_per_one, np.nan)
