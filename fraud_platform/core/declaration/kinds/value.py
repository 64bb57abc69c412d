"""The value of a field itself."""

from collections.abc import Iterator
from typing import Any

import msgspec
from numpy.typing import NDArray

from fraud_platform.core.declaration.faults import Fault
from fraud_platform.core.declaration.fields.field import FieldName
from fraud_platform.core.declaration.kinds.line import Draft, FeatureLine, faults_of_field
from fraud_platform.core.declaration.kinds.numbers import number_format, unit
from fraud_platform.core.declaration.windows import Window
from fraud_platform.core.declaration.world import World
from fraud_platform.core.features.key_rows import KeyRows


class Value(FeatureLine, frozen=True, kw_only=True):
    """The field as the transaction has it; a category as a category."""

    of: FieldName = msgspec.field(name="value")

    def draft(self, world: World, window: Window) -> Draft:
        field = world.field(self.of)
        if not field.NUMERIC:
            return Draft(field.name, "category", f"{field.called} of the transaction", f"made with this {field.called}")
        words = f"{field.called} is {{value:{number_format(field)}}}"
        default = float(getattr(field, "default", None) or 0)
        return Draft(field.name, unit(field), f"{field.called} of the transaction", words, default=default)

    def faults(self, world: World) -> Iterator[Fault]:
        found = list(faults_of_field(world, self.option, self.of))
        yield from found
        if not found and not (world.field(self.of).NUMERIC or world.field(self.of).IDENTITY):
            yield Fault(
                self.option, f"{self.of} is neither number nor category: calendar and distance are made of such"
            )

    def compute(self, rows: KeyRows, window: Window) -> NDArray[Any]:
        field, encoded = rows.field_and_column(self.of)
        return field.as_floats(encoded[rows.new])
