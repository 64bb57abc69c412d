"""How fast from the last place."""

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from fraud_platform.core.declaration.kinds.line import Draft
from fraud_platform.core.declaration.kinds.travel import UNKNOWN, Place, Travel
from fraud_platform.core.declaration.windows import Window
from fraud_platform.core.declaration.world import World
from fraud_platform.core.features.key_rows import KeyRows

SHORTEST_TRIP_SECONDS = 60.0
"""Floor of the time between two places: clocks of terminals differ by about as much."""


class Speed(Travel, frozen=True, kw_only=True):
    """Kilometres an hour from the key's last known place, over one minute at least; -1 where either is unknown."""

    of: Place = msgspec.field(name="speed")

    def draft(self, world: World, window: Window) -> Draft:
        words = f"{self.owner(world).called} came from the last place at {{value:,.0f}} km/h"
        return Draft("speed_kmh", "km/h", "implied travel speed from the last known place", words, UNKNOWN, -1.0)

    def compute(self, rows: KeyRows, window: Window) -> NDArray[Any]:
        journey = self.journey(rows, window)
        return journey.kilometres * 3600 / np.maximum(journey.seconds, SHORTEST_TRIP_SECONDS)
