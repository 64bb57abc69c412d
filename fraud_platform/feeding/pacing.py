"""How fast a feed sends: as fast as it can, so many messages a second, or as the events happen."""

import time
from bisect import bisect_right
from collections.abc import Sequence
from operator import attrgetter
from typing import Protocol

from fraud_platform.feeding.messages import Message

_CHUNK = 5000


class Pace(Protocol):
    """When a message may go out, and which clock stamps it."""

    live: bool
    """Stamp with the producer's clock; otherwise with the message's own send time."""

    def due(self, messages: Sequence[Message], start: int) -> int:
        """End of the run of messages from `start` on that may go out now."""
        ...


class AsFastAsPossible:
    """For history."""

    live = False

    def due(self, messages: Sequence[Message], start: int) -> int:
        return min(len(messages), start + _CHUNK)


class FixedRate:
    """So many messages a second from the first call on; time lost to a stall is made up for."""

    live = False

    def __init__(self, messages_per_second: float) -> None:
        self._rate = messages_per_second
        self._sent = 0
        self._started: float | None = None

    def due(self, messages: Sequence[Message], start: int) -> int:
        now = time.monotonic()
        self._started = self._started or now
        allowed = int((now - self._started) * self._rate) + 1 - self._sent
        end = min(len(messages), start + max(0, min(allowed, _CHUNK)))
        self._sent += end - start
        return end


class RealTime:
    """Each message when its time has come; those whose time has passed go out at once."""

    live = True

    def due(self, messages: Sequence[Message], start: int) -> int:
        end = bisect_right(messages, time.time() * 1000, lo=start, key=attrgetter("send_ms"))
        return min(end, start + _CHUNK)
