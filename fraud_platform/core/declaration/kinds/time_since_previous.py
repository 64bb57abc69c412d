"""What came right before."""

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from fraud_platform.core.declaration.kinds.line import Draft, Nothing
from fraud_platform.core.declaration.kinds.windowed import KeyLine
from fraud_platform.core.declaration.windows import Window
from fraud_platform.core.declaration.world import World
from fraud_platform.core.features.key_rows import KeyRows


class TimeSincePrevious(KeyLine, frozen=True, kw_only=True):
    """Seconds since the key's transaction before; -1 where there is none in the window."""

    of: Nothing = msgspec.field(name="time_since_previous")

    def draft(self, world: World, window: Window) -> Draft:
        owner = self.owner(world).called
        return Draft(
            "seconds_since_previous",
            "s",
            f"time since the {owner}'s previous transaction",
            f"{owner}'s transaction before is {{value:,.0f}} seconds old",
            f"{owner} had no transaction in {window.spoken}",
            default=-1.0,
        )

    def compute(self, rows: KeyRows, window: Window) -> NDArray[Any]:
        previous = rows.new - 1
        elapsed_ms = rows.clock_ms[rows.new] - rows.clock_ms[previous]
        return np.where(rows.seen_within(previous, window.milliseconds), elapsed_ms / 1000, np.nan)
