"""Places, and what distance and speed share: the place of a transaction, and of the key's one before."""

from collections.abc import Iterator

from fraud_platform.core.declaration.faults import Fault
from fraud_platform.core.declaration.fields.coordinates import Latitude, Longitude
from fraud_platform.core.declaration.fields.field import FieldName
from fraud_platform.core.declaration.kinds.line import faults_of_field
from fraud_platform.core.declaration.kinds.windowed import KeyLine
from fraud_platform.core.declaration.world import World

Place = tuple[FieldName, FieldName]
"""Fields of the latitude and the longitude."""
UNKNOWN = "place of this transaction or of those before is unknown"


class Travel(KeyLine, frozen=True, kw_only=True):
    """From the key's last known place to this one; -1 where either is unknown."""

    of: Place

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
