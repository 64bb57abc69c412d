"""How much in all."""

import msgspec

from fraud_platform.core.declaration.fields.field import FieldName
from fraud_platform.core.declaration.kinds.line import Draft
from fraud_platform.core.declaration.kinds.numbers import KeyNumbers, number_format
from fraud_platform.core.declaration.windows import Window
from fraud_platform.core.declaration.world import World


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
