"""How much on average in an entity's transactions with known labels."""

from collections.abc import Iterator
from typing import ClassVar

import msgspec
import numpy as np

from fraud_platform.core.arrays import Floats
from fraud_platform.core.declaration.conditions import those_that_count
from fraud_platform.core.declaration.faults import Fault
from fraud_platform.core.declaration.fields.field import FieldName
from fraud_platform.core.declaration.kinds.line import Draft, FieldNeed
from fraud_platform.core.declaration.kinds.matured_line import MaturedLine
from fraud_platform.core.declaration.kinds.numbers import (
    faults_of_currency,
    faults_of_sum,
    number_format,
    unit,
)
from fraud_platform.core.declaration.windows import Window
from fraud_platform.core.declaration.world import World
from fraud_platform.core.features.matured_grids import MaturedGrids


class MaturedMean(MaturedLine, frozen=True, kw_only=True):
    """The mean of a number over the entity's matured transactions, as of the day; 0 where there are none."""

    NEEDS: ClassVar[FieldNeed] = "number"

    of: FieldName = msgspec.field(name="matured_mean")

    def draft(self, world: World, window: Window) -> Draft:
        entity, number = self.owner(world), world.field(self.of)
        counted = those_that_count(world, self.where)
        return Draft(
            f"{entity.word}_mean" if number.is_amount else f"{entity.word}_{number.word}_mean",
            unit(number),
            f"mean {number.called} of matured {counted} in {window.text}",
            f"{entity.called}'s mean {number.called} {self.period(window)} is {{value:{number_format(number)}}}",
            f"{entity.called} has no {counted} {self.period(window)}",
        )

    def faults(self, world: World) -> Iterator[Fault]:
        yield from super().faults(world)
        yield from faults_of_currency(world, self.option, self.of, self.where)
        yield from faults_of_sum(world, self.option, self.of)

    def compute_matured(self, grids: MaturedGrids, window_days: int) -> Floats:
        total = grids.total(self.of, self.where, window_days) / grids.world.field(self.of).units_per_one
        return total / np.maximum(grids.count(self.where, self.of, window_days), 1)
