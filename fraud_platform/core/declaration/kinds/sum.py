"""How much in all."""

from typing import Any

import msgspec
from numpy.typing import NDArray

from fraud_platform.core.declaration.fields.field import FieldName
from fraud_platform.core.declaration.kinds.line import Draft
from fraud_platform.core.declaration.kinds.numbers import KeyNumbers, number_format
from fraud_platform.core.declaration.windows import Window
from fraud_platform.core.declaration.world import World
from fraud_platform.core.features.key_rows import KeyRows


class Sum(KeyNumbers, frozen=True, kw_only=True):
    """The sum of a number over the key's transactions, this one included."""

    of: FieldName = msgspec.field(name="sum")

    def draft(self, world: World, window: Window) -> Draft:
        draft = self.statistic(world, window, "sum", "sum of")
        number = self.number(world)
        if not number.is_amount or self.where:
            return draft
        meaning = f"{number.called} spent in {self.within(world, window)}"
        words = f"{self.owner(world).called} spent {{value:{number_format(number)}}} in {window.spoken}"
        return draft._replace(meaning=meaning, words=words)

    def compute(self, rows: KeyRows, window: Window) -> NDArray[Any]:
        return self.total(rows, rows.first(window.milliseconds), rows.new + 1)
