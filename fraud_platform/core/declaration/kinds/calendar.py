"""When the transaction was, in UTC."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from fraud_platform.core.declaration.faults import Fault
from fraud_platform.core.declaration.fields.field import FieldName
from fraud_platform.core.declaration.fields.timestamp import Timestamp
from fraud_platform.core.declaration.kinds.line import Draft, FeatureLine, faults_of_field
from fraud_platform.core.declaration.windows import Window
from fraud_platform.core.declaration.world import World
from fraud_platform.core.features.key_rows import KeyRows
from fraud_platform.core.time import DAY_MS, HOUR_MS

Hour = Annotated[int, Meta(ge=0, le=23)]
NIGHT = (0, 6)
"""First and last hour of night unless a line has others."""
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_DRAFTS = {
    "hour": Draft(
        "hour", "hour", "hour of day of the event, UTC", "made between {value:.0f}:00 and {value:.0f}:59 UTC"
    ),
    "weekday": Draft(
        "weekday", "day", "day of week of the event, UTC, Monday 0", tuple(f"made on a {day}" for day in WEEKDAYS)
    ),
    "weekend": Draft("is_weekend", "0/1", "Saturday or Sunday", "made on a weekend", "made on a working day"),
    "night": Draft("is_night", "0/1", f"hour of day at most {NIGHT[1]}", "made at night, UTC", "made by day, UTC"),
}


class Calendar(FeatureLine, frozen=True, kw_only=True):
    """A part of the time: its hour, its day of the week, whether that is a weekend or it is night."""

    of: Literal["hour", "weekday", "weekend", "night"] = msgspec.field(name="calendar")
    hours: tuple[Hour, Hour] = NIGHT
    """First and last hour of night, UTC; [22, 3] goes over midnight."""
    at: FieldName | None = None
    """Another timestamp than that of the transaction."""

    def draft(self, world: World, window: Window) -> Draft:
        draft = _DRAFTS[self.of]
        if self.hours != NIGHT:
            draft = draft._replace(meaning="hour of day from {} to {}".format(*self.hours))
        return draft if self.at is None else draft._replace(name=f"{world.field(self.at).word}_{draft.name}")

    def faults(self, world: World) -> Iterator[Fault]:
        if self.hours != NIGHT and self.of != "night":
            yield Fault("hours", "hours are those of calendar: night: leave them out")
        if self.at is None:
            return
        found = list(faults_of_field(world, "at", self.at))
        yield from found
        if not found and not isinstance(world.field(self.at), Timestamp):
            yield Fault("at", f"{self.at} is no timestamp: name one, or leave at out for the time of the transaction")

    def compute(self, rows: KeyRows, window: Window) -> NDArray[Any]:
        field, times_ms = rows.own_times(self.at)
        hour = times_ms // HOUR_MS % 24
        weekday = (times_ms // DAY_MS + 3) % 7  # 1970-01-01 was a Thursday
        dusk, dawn = self.hours
        is_night = (hour - dusk) % 24 <= (dawn - dusk) % 24
        parts = {"hour": hour, "weekday": weekday, "weekend": weekday >= 5, "night": is_night}
        return np.where(field.is_known(times_ms), parts[self.of], np.nan)
