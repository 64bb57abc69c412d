"""What the key has not done before."""

from typing import Any, ClassVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from fraud_platform.core.declaration.fields.field import FieldName
from fraud_platform.core.declaration.kinds.line import Draft, FieldNeed
from fraud_platform.core.declaration.kinds.windowed import KeyLine
from fraud_platform.core.declaration.windows import Window
from fraud_platform.core.declaration.world import World
from fraud_platform.core.features.key_rows import KeyRows


class FirstSeen(KeyLine, frozen=True, kw_only=True):
    """1 where no transaction of the key before this one has its value of an id or category; 0 where it is unknown."""

    NEEDS: ClassVar[FieldNeed] = "id"

    of: FieldName = msgspec.field(name="first_seen")

    def draft(self, world: World, window: Window) -> Draft:
        field, owner = world.field(self.of), self.owner(world).called
        noun = field.called
        draft = Draft(
            f"is_new_{field.word}",
            "0/1",
            f"{owner}'s first transaction with this {noun}",
            f"{noun} is new to the {owner}",
            f"{owner} knows this {noun}",
        )
        if not field.optional:
            return draft
        known = f"{noun} is not new to the {owner}, or unknown"
        return draft._replace(meaning=f"{draft.meaning}; 0 where unknown", words_if_default=known)

    def compute(self, rows: KeyRows, window: Window) -> NDArray[Any]:
        met = rows.encounters(self.of)
        previous = met.previous[met.new]
        before = np.where(previous >= 0, met.at[previous], -1)
        return ~rows.seen_within(before, window.milliseconds) & (met.values[met.new] != 0)
