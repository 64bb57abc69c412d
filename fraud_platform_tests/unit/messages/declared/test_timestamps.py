"""Times in all their notations, as milliseconds since 1970 UTC."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fraud_platform.core.declaration.fields.timestamp import LAST_MS, Timestamp
from fraud_platform_tests.support.one_field import value_of

ISO = "type: timestamp"
BERLIN = "type: timestamp, zone: Europe/Berlin"
DAY_FIRST = "type: timestamp, format: '%d/%m/%Y %H:%M:%S', zone: Europe/Berlin"


def ms(*parts: int) -> int:
    return round(datetime(*parts, tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(("unit", "per_second"), [("s", 1), ("ms", 10**3), ("us", 10**6), ("ns", 10**9)])
def test_epoch_times_are_read_in_their_unit_from_1970_to_2099(unit, per_second):
    options = f"type: timestamp, unit: {unit}"
    assert value_of(options, 1_780_000_000 * per_second) == 1_780_000_000_000
    assert value_of(options, 0) == 0
    assert value_of(options, LAST_MS // 1000 * per_second) == LAST_MS
    for beyond in (-1, LAST_MS // 1000 * per_second + 1, 10**40):
        assert value_of(options, beyond)[0] == "x"


@pytest.mark.parametrize("unit", ["us", "ns"])
def test_what_is_finer_than_a_millisecond_is_cut_off(unit):
    per_ms = {"us": 10**3, "ns": 10**6}[unit]
    assert value_of(f"type: timestamp, unit: {unit}", 1_780_000_000_124 * per_ms - 1) == 1_780_000_000_123
    assert value_of(ISO, "2026-05-28T20:26:40.123999Z") == 1_780_000_000_123


@pytest.mark.parametrize(
    "text", ["2026-05-28T20:26:40Z", "2026-05-28T22:26:40+02:00", "2026-05-28T20:26:40.000000-00:00"]
)
@pytest.mark.parametrize("options", [ISO, BERLIN])
def test_iso_text_with_an_offset_is_read_by_it(options, text):
    assert value_of(options, text) == 1_780_000_000_000


@pytest.mark.parametrize(
    ("options", "value"),
    [
        (ISO, "2026-05-28T20:26:40"),
        (ISO, "2026-05-28"),
        (ISO, 1_780_000_000),
        (ISO, "1969-12-31T23:59:59Z"),
        (ISO, "2100-01-01T00:00:00.001Z"),
        (ISO, "0001-01-01T00:00:00+23:59"),
        (ISO, "9999-12-31T23:59:59.999999999-23:59"),
        (ISO, "2026-02-30T00:00:00Z"),
        (ISO, ""),
        (BERLIN, "0001-01-01T00:00:00"),
        (BERLIN, "9999-12-31T23:59:59"),
        (DAY_FIRST, "2026-05-28 20:26:40"),
        (DAY_FIRST, "31/02/2026 00:00:00"),
        (DAY_FIRST, "\u0662\u0668/05/2026 20:26:40"),
        (DAY_FIRST, "28/05/2026 20:26:40" + " " * 200),
        (DAY_FIRST, 28),
        ("type: timestamp, unit: s", 1_780_000_000.5),
        ("type: timestamp, unit: s", "1780000000"),
        ("type: timestamp, unit: s", True),
    ],
)
def test_other_values_are_rejected(options, value):
    assert value_of(options, value)[0] == "x"


def test_a_format_is_read_in_its_zone():
    assert value_of(DAY_FIRST, "28/05/2026 22:26:40") == 1_780_000_000_000
    assert value_of("type: timestamp, format: '%Y%m%d%H%M%S%z'", "20260528222640+0200") == 1_780_000_000_000


@pytest.mark.parametrize("options", [BERLIN, DAY_FIRST])
def test_where_clocks_change_the_same_text_is_the_same_time(options):
    def read(day: int, month: int, hour: int, minute: int) -> object:
        text = f"{day:02}/{month:02}/2026 {hour:02}:{minute:02}:00"
        if options == BERLIN:
            text = f"2026-{month:02}-{day:02}T{hour:02}:{minute:02}:00"
        return value_of(options, text)

    assert read(25, 10, 2, 30) == ms(2026, 10, 25, 0, 30)  # twice on that clock; the first, still summer time
    assert read(25, 10, 3, 0) == ms(2026, 10, 25, 2, 0)
    assert read(29, 3, 1, 59) == ms(2026, 3, 29, 0, 59)
    assert read(29, 3, 2, 30) == ms(2026, 3, 29, 1, 30)  # on no clock; half an hour after the change
    assert read(29, 3, 3, 30) == ms(2026, 3, 29, 1, 30)


@given(
    st.datetimes(datetime(2000, 1, 2), datetime(2099, 12, 30)),
    st.integers(-23 * 60, 23 * 60),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]),
)
def test_any_time_is_read_as_python_computes_it(moment, offset_minutes, zone):
    aware = moment.replace(tzinfo=timezone(timedelta(minutes=offset_minutes)))
    local = moment.replace(tzinfo=ZoneInfo(zone))
    since = datetime(1970, 1, 1, tzinfo=UTC)
    expected = [int((time.astimezone(UTC) - since) / timedelta(microseconds=1)) // 1000 for time in (aware, local)]
    text = moment.strftime("%Y-%m-%d %H:%M:%S.%f")
    assert Timestamp(name="x").column([aware]) == [expected[0]]
    assert Timestamp(name="x", zone=zone).column([aware, moment]) == expected
    assert Timestamp(name="x", zone=zone, format="%Y-%m-%d %H:%M:%S.%f").column([text]) == [expected[1]]


def test_a_transaction_s_own_time_begins_in_2000_so_that_seconds_are_not_taken_for_milliseconds():
    own = Timestamp(name="x", role="time", unit="ms")
    assert own.json_type.__metadata__[0].ge == ms(2000, 1, 1)
    with pytest.raises(ValueError, match="from 2000"):
        Timestamp(name="x", role="time").column([datetime(1999, 12, 31, tzinfo=UTC)])
