"""Days are of UTC, wherever the machine is."""

import time
from datetime import date

import pytest

from fraud_platform.core.time import DAY_MS, day_of, day_start_ms


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Tokyo"])
def test_a_day_begins_at_midnight_of_utc(monkeypatch, zone):
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        assert day_start_ms(date(2026, 3, 29)) == 1_774_742_400_000
        assert day_of(1_774_742_400_000) == date(2026, 3, 29)
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize("day", [date(1969, 12, 31), date(1970, 1, 1), date(2024, 2, 29), date(2099, 12, 31)])
def test_a_day_reaches_from_its_midnight_to_before_the_next(day):
    assert day_of(day_start_ms(day)) == day_of(day_start_ms(day) + DAY_MS - 1) == day
    assert day_of(day_start_ms(day) - 1) < day
