"""How many different ones."""

from typing import Any, ClassVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from fraud_platform.core.declaration.conditions import among
from fraud_platform.core.declaration.fields.field import FieldName
from fraud_platform.core.declaration.kinds.line import Draft, FieldNeed
from fraud_platform.core.declaration.kinds.windowed import KeyAggregate
from fraud_platform.core.declaration.windows import Window
from fraud_platform.core.declaration.world import World
from fraud_platform.core.features.key_rows import KeyRows
from fraud_platform.core.features.windows import distinct_in_window


class Distinct(KeyAggregate, frozen=True, kw_only=True):
    """The number of different values of an id or category in the key's transactions; unknown ones count for nothing."""

    NEEDS: ClassVar[FieldNeed] = "id"

    of: FieldName = msgspec.field(name="distinct")

    def draft(self, world: World, window: Window) -> Draft:
        field, owner = world.field(self.of), self.owner(world).called
        counted = field.called_in_plural
        draft = Draft(
            field.word_in_plural,
            counted,
            f"distinct {counted}{among(world, self.where)} in {window.text}",
            f"{owner}'s {counted} in {window.spoken}: {{value:.0f}}",
        )
        if not field.optional:
            return draft
        unknown = f"{counted} of the {owner}'s last {window.spoken} are unknown"
        return draft._replace(meaning=f"{draft.meaning}, unknown ones left out", words_if_default=unknown)

    def compute(self, rows: KeyRows, window: Window) -> NDArray[Any]:
        met = rows.encounters(self.of, self.where)
        key = rows.key[met.at]
        leaves = rows.once(
            ("leaves", self.of, self.where, window.text),
            lambda: np.searchsorted(key, key + window.milliseconds, side="left"),
        )
        return distinct_in_window(met.following, leaves, met.values != 0)[met.new]
