"""Which days there are: those from START_DATE to today are the partitions of every table by day."""

from datetime import date

from fraud_platform.errors import UnknownDayError


def days_between(first: str, last: str, start_date: date, today: date) -> tuple[date, date]:
    """First and last day of a range that somebody asked for as text; `today` is the one of UTC.

    Raises UnknownDayError where one of them is no day, the range is empty, or a day of it does not exist.

    >>> days_between("2026-01-01", "2026-01-31", date(2026, 1, 1), date(2026, 2, 1))
    (datetime.date(2026, 1, 1), datetime.date(2026, 1, 31))
    """
    begin, end = a_day(first), a_day(last)
    if begin > end:
        raise UnknownDayError(f"the days {begin} to {end} end before they begin: exchange them")
    if begin < start_date:
        raise UnknownDayError(
            f"{begin} lies before START_DATE={start_date}, the first day that there is: begin with that day or a later "
            f"one, or set START_DATE={begin} and restart the stack ('fraud up --restart')"
        )
    if end > today:
        raise UnknownDayError(f"{end} lies after {today}, today in UTC and the last day that there is: end with it")
    return begin, end


def a_day(text: str) -> date:
    """The day that YYYY-MM-DD names; raises UnknownDayError where it names none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UnknownDayError(f"{text!r} is no day: write it as YYYY-MM-DD") from None
