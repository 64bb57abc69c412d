"""What a message has to keep to beside the types of its fields: ids without controls, its own key, and its time."""

from collections.abc import Mapping, Sequence
from operator import sub
from typing import Any

from fraud_platform.core.declaration.world import World
from fraud_platform.core.printable import is_name
from fraud_platform.messages.diagnosis import Fault
from fraud_platform.messages.schemas import MAX_CLOCK_SKEW_MS, MAX_LATENESS_MS

Columns = Mapping[str, Sequence[Any]]


class Rules:
    """Those of a world."""

    def __init__(self, world: World) -> None:
        self._texts = [field.name for field in world if field.is_free_text]
        self._optional = {field.name for field in world if field.optional}
        key, time = world.with_role("key"), world.with_role("time")
        assert time is not None  # reading has checked it
        self._time = time.name
        self._key = key.name if key else None
        self._owner = key.called if key else ""

    def in_doubt(self, columns: Columns, keys: Sequence[bytes | None], times_ms: Sequence[int]) -> set[int]:
        """Numbers of the messages that `fault` finds something wrong with; a whole column is looked at at once."""
        found: set[int] = set()
        for name in self._texts:
            texts = filter(None, columns[name]) if name in self._optional else columns[name]
            if not is_name("".join(texts)):
                found.update(i for i, text in enumerate(columns[name]) if text and not is_name(text))
        if self._key is not None:
            expected = list(map(str.encode, columns[self._key]))
            if list(keys) != expected:
                found.update(i for i, (key, own) in enumerate(zip(keys, expected, strict=True)) if key != own)
        ages_ms = list(map(sub, times_ms, columns[self._time]))
        if ages_ms and (min(ages_ms) < -MAX_CLOCK_SKEW_MS or max(ages_ms) > MAX_LATENESS_MS):
            found.update(i for i, age_ms in enumerate(ages_ms) if not -MAX_CLOCK_SKEW_MS <= age_ms <= MAX_LATENESS_MS)
        return found

    def fault(self, columns: Columns, key: bytes | None, time_ms: int) -> Fault | None:
        """What is wrong with the one message that the columns have."""
        for name in self._texts:
            if not is_name(columns[name][0] or ""):
                return Fault(name, "has control characters")
        if self._key is not None and key != columns[self._key][0].encode():
            return Fault("key", f"is not the {self._key}, so the {self._owner}'s order is not kept")
        age_ms = time_ms - columns[self._time][0]
        if age_ms < -MAX_CLOCK_SKEW_MS:
            return Fault(self._time, "more than 5 minutes after the message timestamp")
        if age_ms > MAX_LATENESS_MS:
            return Fault(self._time, "more than 7 days before the message timestamp")
        return None
