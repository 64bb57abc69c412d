"""What the key has not done before."""

from typing import ClassVar

import msgspec

from fraud_platform.core.declaration.fields.field import FieldName
from fraud_platform.core.declaration.kinds.line import Draft, FieldNeed
from fraud_platform.core.declaration.kinds.windowed import KeyLine
from fraud_platform.core.declaration.windows import Window
from fraud_platform.core.declaration.world import World


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
