"""How far from the last place."""

from typing import Any

import msgspec
from numpy.typing import NDArray

from fraud_platform.core.declaration.kinds.line import Draft
from fraud_platform.core.declaration.kinds.travel import UNKNOWN, Place, Travel
from fraud_platform.core.declaration.windows import Window
from fraud_platform.core.declaration.world import World
from fraud_platform.core.features.key_rows import KeyRows


class Distance(Travel, frozen=True, kw_only=True):
    """Great-circle kilometres from the key's last known place; -1 where either is unknown."""

    of: Place = msgspec.field(name="distance")

    def draft(self, world: World, window: Window) -> Draft:
        words = f"place is {{value:,.0f}} km from the {self.owner(world).called}'s last one"
        return Draft("distance_km", "km", "great-circle distance from the last known place", words, UNKNOWN, -1.0)

    def compute(self, rows: KeyRows, window: Window) -> NDArray[Any]:
        return self.journey(rows, window).kilometres
