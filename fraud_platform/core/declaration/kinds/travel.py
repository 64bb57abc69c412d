"""Places, and what distance and speed share: the place of a transaction, and of the key's one before."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from fraud_platform.core.arrays import Floats
from fraud_platform.core.declaration.faults import Fault
from fraud_platform.core.declaration.fields.coordinates import Latitude, Longitude
from fraud_platform.core.declaration.fields.field import FieldName
from fraud_platform.core.declaration.kinds.line import faults_of_field
from fraud_platform.core.declaration.kinds.windowed import KeyLine
from fraud_platform.core.declaration.windows import Window
from fraud_platform.core.declaration.world import World
from fraud_platform.core.features.key_rows import KeyRows

EARTH_RADIUS_KM = 6371.0088
"""Mean radius, IUGG 1980."""
Place = tuple[FieldName, FieldName]
"""Fields of the latitude and the longitude."""
UNKNOWN = "place of this transaction or of those before is unknown"


class Journey(NamedTuple):
    """From the last known place of the key to that of each new row; NaN where either is unknown."""

    kilometres: Floats
    seconds: Floats


class Travel(KeyLine, frozen=True, kw_only=True):
    """From the key's last known place to this one; -1 where either is unknown."""

    of: Place

    def journey(self, rows: KeyRows, window: Window) -> Journey:
        """From places in the window (t - w, t]."""
        return rows.once(("journey", self.of, window.text), lambda: self._journey(rows, window))

    def _journey(self, rows: KeyRows, window: Window) -> Journey:
        latitude, longitude = (np.radians(rows.column(name).astype(np.float64)) for name in self.of)
        known = ~(np.isnan(latitude) | np.isnan(longitude))
        last_known = np.maximum.accumulate(np.where(known, np.arange(len(known)), -1))
        origin = np.where(rows.new > 0, last_known[rows.new - 1], -1)
        valid = known[rows.new] & rows.seen_within(origin, window.milliseconds)
        new, origin = rows.new[valid], origin[valid]
        kilometres, seconds = np.full(len(valid), np.nan), np.full(len(valid), np.nan)
        kilometres[valid] = great_circle_km(latitude[new], longitude[new], latitude[origin], longitude[origin])
        seconds[valid] = (rows.clock_ms[new] - rows.clock_ms[origin]) / 1000
        return Journey(kilometres, seconds)

    def faults(self, world: World) -> Iterator[Fault]:
        yield from super().faults(world)
        yield from faults_of_place(world, self.option, self.of)


def faults_of_place(world: World, option: str, place: Place) -> Iterator[Fault]:
    """That one of the two is no such field."""
    for name, wanted in zip(place, (Latitude, Longitude), strict=True):
        found = list(faults_of_field(world, option, name))
        yield from found
        if not found and not isinstance(world.field(name), wanted):
            yield Fault(option, f"{name} is no {wanted.__name__.lower()}: name a latitude, then a longitude")


def great_circle_km(latitude: Floats, longitude: Floats, from_latitude: Floats, from_longitude: Floats) -> Floats:
    """Distance (n,) between places in radians, by the haversine formula on a sphere."""
    haversine = (
        np.sin((latitude - from_latitude) / 2) ** 2
        + np.cos(latitude) * np.cos(from_latitude) * np.sin((longitude - from_longitude) / 2) ** 2
    )
    return 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.minimum(haversine, 1.0)))
