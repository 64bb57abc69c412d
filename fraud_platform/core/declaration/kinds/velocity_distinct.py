"""How many different ones meet an entity."""

from collections.abc import Iterator
from typing import Any, ClassVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from fraud_platform.core.arrays import Floats
from fraud_platform.core.declaration.conditions import those_that_count
from fraud_platform.core.declaration.faults import Fault
from fraud_platform.core.declaration.fields.field import FieldName
from fraud_platform.core.declaration.kinds.line import Draft, FieldNeed
from fraud_platform.core.declaration.kinds.velocity_line import SETTLED, VelocityLine
from fraud_platform.core.declaration.windows import Window
from fraud_platform.core.declaration.world import World


class VelocityDistinct(VelocityLine, frozen=True, kw_only=True):
    """The number of different values of an id or category among the entity's transactions up to a minute before."""

    NEEDS: ClassVar[FieldNeed] = "id"

    of: FieldName = msgspec.field(name="velocity_distinct")

    def faults(self, world: World) -> Iterator[Fault]:
        yield from super().faults(world)
        key = world.with_role("key")
        if key is None or self.of != key.name:
            known = key.name if key else "a field with role: key"
            yield Fault(
                self.option,
                f"{self.option} counts what one Kafka partition has in order, which is the key: name {known}",
            )
        if self.where:
            yield Fault("where", f"{self.option} takes no condition: count all of the entity's transactions")

    def draft(self, world: World, window: Window) -> Draft:
        entity, field = self.owner(world), world.field(self.of)
        counted = field.called_in_plural
        return Draft(
            f"{entity.word}_{field.word_in_plural}",
            counted,
            f"distinct {counted} of its {those_that_count(world, self.where)} in {window.text}, {SETTLED}",
            f"{entity.called}'s {counted} in {window.spoken}: {{value:,.0f}}",
        )

    def of_counts(self, events: NDArray[Any], keys: NDArray[Any], counted: NDArray[Any]) -> Floats:
        return keys.astype(np.float64)
