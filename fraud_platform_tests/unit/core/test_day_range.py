"""Days that do not exist are told with the setting that decides it, its value and the way out."""

from datetime import date

import pytest

from fraud_platform.core.day_range import a_day, days_between
from fraud_platform.errors import UnknownDayError

START, TODAY = date(2026, 1, 1), date(2026, 3, 1)


@pytest.mark.parametrize("days", [("2026-01-01", "2026-01-01"), ("2026-01-01", "2026-03-01"), ("2026-03-01",) * 2])
def test_the_first_day_and_today_are_days(days):
    assert days_between(*days, START, TODAY) == tuple(map(date.fromisoformat, days))


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        ("2025-12-31", "2026-01-05", "2025-12-31 lies before START_DATE=2026-01-01, .* or set START_DATE=2025-12-31 "),
        ("2026-02-27", "2026-03-02", "2026-03-02 lies after 2026-03-01, today in UTC"),
        ("2026-02-02", "2026-02-01", "2026-02-02 to 2026-02-01 end before they begin"),
        ("yesterday", "2026-02-01", "'yesterday' is no day: write it as YYYY-MM-DD"),
        ("2026-02-01", "2026-02-30", "'2026-02-30' is no day"),
        ("", "2026-02-01", "'' is no day"),
    ],
)
def test_others_are_told_with_their_reason(first, last, words):
    with pytest.raises(UnknownDayError, match=words):
        days_between(first, last, START, TODAY)


def test_a_day_is_a_day():
    assert a_day("2024-02-29") == date(2024, 2, 29)
