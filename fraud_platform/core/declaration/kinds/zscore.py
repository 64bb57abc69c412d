"""How far from what is usual, in standard deviations."""

from typing import Annotated, Any

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from fraud_platform.core.declaration.conditions import among
from fraud_platform.core.declaration.fields.field import FieldName
from fraud_platform.core.declaration.kinds.line import Draft
from fraud_platform.core.declaration.kinds.numbers import KeyNumbers
from fraud_platform.core.declaration.windows import Window
from fraud_platform.core.declaration.world import World
from fraud_platform.core.features.key_rows import KeyRows


class ZScore(KeyNumbers, frozen=True, kw_only=True):
    """A number against the key's transactions before this one, in their standard deviations."""

    of: FieldName = msgspec.field(name="zscore")
    smallest_deviation: Annotated[float, Meta(gt=0)] = 1.0
    """Floor of the standard deviation, in the unit of the number."""

    def draft(self, world: World, window: Window) -> Draft:
        number = self.number(world)
        usual = f"the {self.owner(world).called}'s {window.adjective} mean"
        return Draft(
            f"{number.word}_zscore",
            "standard deviations",
            f"{number.called} against the {window.spoken} before{among(world, self.where)}, this one left out",
            f"{number.called} lies {{value:+,.1f}} standard deviations from {usual}",
            f"{number.called} is {usual}, or there is none before",
        )

    def compute(self, rows: KeyRows, window: Window) -> NDArray[Any]:
        first = rows.first(window.milliseconds)
        mean, deviation = self.mean_and_deviation(rows, first, rows.new)
        smallest = self.smallest_deviation * self.number(rows.world).units_per_one
        zscore = (self.units_now(rows) - mean) / np.maximum(deviation, smallest)
        return np.where(self.known(rows, first, rows.new) > 0, zscore, np.nan)
