"""How far from the last place."""

import msgspec

from fraud_platform.core.declaration.kinds.line import Draft
from fraud_platform.core.declaration.kinds.travel import UNKNOWN, Place, Travel
from fraud_platform.core.declaration.windows import Window
from fraud_platform.core.declaration.world import World


class Distance(Travel, frozen=True, kw_only=True):
    """Great-circle kilometres from the key's last known place; -1 where either is unknown."""

    of: Place = msgspec.field(name="distance")

    def draft(self, world: World, window: Window) -> Draft:
        words = f"place is {{value:,.0f}} km from the {self.owner(world).called}'s last one"
        return Draft("distance_km", "km", "great-circle distance from the last known place", words, UNKNOWN, -1.0)
