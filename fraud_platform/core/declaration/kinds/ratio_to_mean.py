"""How many times what is usual."""

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from fraud_platform.core.declaration.conditions import among
from fraud_platform.core.declaration.fields.field import FieldName
from fraud_platform.core.declaration.kinds.line import Draft
from fraud_platform.core.declaration.kinds.numbers import KeyNumbers
from fraud_platform.core.declaration.windows import Window
from fraud_platform.core.declaration.world import World
from fraud_platform.core.features.key_rows import KeyRows


class RatioToMean(KeyNumbers, frozen=True, kw_only=True):
    """A number over its mean in the key's transactions before this one; 1 where there is no such mean."""

    of: FieldName = msgspec.field(name="ratio_to_mean")

    def draft(self, world: World, window: Window) -> Draft:
        number = self.number(world)
        usual = f"the {self.owner(world).called}'s {window.adjective} mean"
        return Draft(
            f"{number.word}_to_mean",
            "ratio",
            f"{number.called} over the mean of the {window.spoken} before{among(world, self.where)}, this one left out",
            f"{number.called} is {{value:,.2f}} times {usual}",
            f"{number.called} is {usual}, or there is none before",
            default=1.0,
        )

    def compute(self, rows: KeyRows, window: Window) -> NDArray[Any]:
        first = rows.first(window.milliseconds)
        mean, _ = self.mean_and_deviation(rows, first, rows.new)
        usable = (self.known(rows, first, rows.new) > 0) & (mean > 0)
        return np.where(usable, self.units_now(rows) / np.where(usable, mean, 1.0), np.nan)
