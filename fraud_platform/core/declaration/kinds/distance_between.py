"""How far apart two places of a transaction are."""

from collections.abc import Iterator

import msgspec
import numpy as np

from fraud_platform.core.arrays import Floats
from fraud_platform.core.declaration.faults import Fault
from fraud_platform.core.declaration.kinds.line import Draft, FeatureLine
from fraud_platform.core.declaration.kinds.travel import Place, faults_of_place, great_circle_km
from fraud_platform.core.declaration.windows import Window
from fraud_platform.core.declaration.world import World
from fraud_platform.core.features.key_rows import KeyRows


class DistanceBetween(FeatureLine, frozen=True, kw_only=True):
    """Great-circle kilometres between two places of the transaction itself; -1 where either is unknown."""

    of: tuple[Place, Place] = msgspec.field(name="distance_between")

    def draft(self, world: World, window: Window) -> Draft:
        start, end = (world.field(latitude).called for latitude, _ in self.of)
        return Draft(
            "distance_between_km",
            "km",
            f"great-circle distance between the places of {start} and {end}",
            f"the places of {start} and {end} are {{value:,.0f}} km apart",
            f"the place of {start} or {end} is unknown",
            -1.0,
        )

    def compute(self, rows: KeyRows, window: Window) -> Floats:
        degrees = [rows.column(name)[rows.new].astype(np.float64) for place in self.of for name in place]
        return great_circle_km(*map(np.radians, degrees))

    def faults(self, world: World) -> Iterator[Fault]:
        for place in self.of:
            yield from faults_of_place(world, self.option, place)
        if self.of[0] == self.of[1]:
            yield Fault(self.option, "the two places are the same: name another one")
