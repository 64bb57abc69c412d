"""Days and milliseconds: every time is in milliseconds since 1970-01-01 UTC, and a day is one of UTC."""

from datetime import date, timedelta

HOUR_MS = 3600 * 1000
DAY_MS = 24 * HOUR_MS
EPOCH = date(1970, 1, 1)


def day_start_ms(day: date) -> int:
    """The day's midnight.

    >>> day_start_ms(date(1970, 1, 2))
    86400000
    """
    return (day - EPOCH).days * DAY_MS


def day_of(time_ms: int) -> date:
    """The day that a time lies on.

    >>> day_of(-1), day_of(0)
    (datetime.date(1969, 12, 31), datetime.date(1970, 1, 1))
    """
    return EPOCH + timedelta(days=time_ms // DAY_MS)
