"""Milliseconds since 1970-01-01 UTC from times as messages write them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

NANOSECONDS = {"ns": 1, "us": 1_000, "ms": 1_000_000, "s": 1_000_000_000, "h": 3_600_000_000_000}
"""Of each unit that numbers may have."""
NS_PER_MS = NANOSECONDS["ms"]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def ms_of_numbers(numbers: Sequence[int], unit: str, epoch_ms: int) -> Sequence[int]:
    """Times that are counted from an epoch; what is finer than a millisecond is cut off.

    >>> ms_of_numbers([1, 2], "h", 500)
    [3600500, 7200500]
    """
    nanoseconds = NANOSECONDS[unit]
    if nanoseconds < NS_PER_MS:
        per_ms = NS_PER_MS // nanoseconds
        return [epoch_ms + number // per_ms for number in numbers]
    ms = nanoseconds // NS_PER_MS
    if ms == 1 and epoch_ms == 0:
        return numbers
    return [epoch_ms + number * ms for number in numbers]


def numbers_between(first_ms: int, last_ms: int, unit: str, epoch_ms: int) -> tuple[int, int]:
    """Least and largest of the numbers whose times lie between these two, both included.

    >>> numbers_between(0, 7_200_000, "h", 1)
    (0, 1)
    """
    nanoseconds = NANOSECONDS[unit]
    return -((epoch_ms - first_ms) * NS_PER_MS // nanoseconds), (last_ms - epoch_ms) * NS_PER_MS // nanoseconds


def ms_of_times(times: Sequence[datetime], zone: str | None) -> list[int]:
    """Times of which those without an offset are local times of the zone."""
    if zone is not None:
        tzinfo = ZoneInfo(zone)
        times = [time if time.tzinfo else time.replace(tzinfo=tzinfo) for time in times]
    return [(time - _EPOCH) // _MILLISECOND for time in times]


def time_of_format(text: str, pattern: str) -> datetime:
    """Text in strptime's format. Raises ValueError where it is none."""
    try:
        if all(char.isascii() or not char.isdecimal() for char in text):  # strptime takes the digits of other scripts
            return datetime.strptime(text, pattern)
    except ValueError:
        pass
    raise ValueError(f"is no time of the format {pattern}")


def is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, LookupError):  # the zones are files, and a name may lead to none or to a folder
        return False
    return True
