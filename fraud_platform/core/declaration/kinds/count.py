"""How many transactions."""

from typing import Any

import msgspec
from numpy.typing import NDArray

from fraud_platform.core.declaration.conditions import those_that_count
from fraud_platform.core.declaration.kinds.line import Draft, Nothing
from fraud_platform.core.declaration.kinds.windowed import KeyAggregate
from fraud_platform.core.declaration.windows import Window
from fraud_platform.core.declaration.wording import literal
from fraud_platform.core.declaration.world import World
from fraud_platform.core.features.key_rows import KeyRows


class Count(KeyAggregate, frozen=True, kw_only=True):
    """The number of the key's transactions, this one included."""

    of: Nothing = msgspec.field(name="count")

    def draft(self, world: World, window: Window) -> Draft:
        counted = those_that_count(world, self.where)
        owner = self.owner(world).called
        if self.where:
            words = f"{owner}'s {literal(counted)} in {window.spoken}: {{value:.0f}}"
            return Draft("count", "transactions", f"{counted} in {window.text}", words)
        words = f"transaction number {{value:.0f}} of the {owner} in {window.spoken}"
        return Draft("count", "transactions", f"{counted} in {window.text}, this one included", words)

    def compute(self, rows: KeyRows, window: Window) -> NDArray[Any]:
        return rows.count(self.where, None, rows.first(window.milliseconds), rows.new + 1)
