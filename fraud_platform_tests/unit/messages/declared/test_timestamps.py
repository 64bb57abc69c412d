"""Times in all their notations, as milliseconds since 1970 UTC."""

from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fraud_platform.core.declaration.fields.time_reading import NANOSECONDS, NS_PER_MS
from fraud_platform.core.declaration.fields.timestamp import (
    FIRST_MS,
    FIRST_OF_TRANSACTIONS_MS,
    LAST_MS,
    Timestamp,
)
from fraud_platform_tests.support.one_field import outcome_of, value_of

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


@pytest.mark.parametrize(
    ("options", "number", "expected"),
    [
        ("unit: h", 1, 3_600_000),
        ("unit: h, epoch: 2017-01-01T00:00:00Z", 1, ms(2017, 1, 1, 1)),
        ("unit: h, epoch: 2017-01-01T02:30:00+02:30", 0, ms(2017, 1, 1)),
        ("unit: s, epoch: 2013-09-01T00:00:00Z", 406, ms(2013, 9, 1, 0, 6, 46)),
        ("unit: s, epoch: 2013-09-01T00:00:00Z", -1, ms(2013, 8, 31, 23, 59, 59)),
        ("unit: ms, epoch: 1960-01-01T00:00:00Z", 10**12, 10**12 - 3_653 * 86_400_000),
        ("unit: us, epoch: 1601-01-01T00:00:00Z", 11_644_473_600_001_999, 1),
        ("unit: ns, epoch: 2020-01-01T00:00:00Z", -1, ms(2020, 1, 1) - 1),
    ],
)
def test_numbers_count_from_the_epoch(options, number, expected):
    assert value_of(f"type: timestamp, {options}", number) == expected


@given(
    st.sampled_from(list(NANOSECONDS)),
    st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)),
    st.booleans(),
    st.integers(-2, 2),
)
def test_the_bounds_hold_for_the_resulting_time(unit, epoch, is_own, steps):
    field = Timestamp(
        name="x", unit=unit, epoch=epoch.replace(microsecond=0).isoformat() + "Z", role="time" if is_own else None
    )
    assert not list(field.faults())
    first_ms = FIRST_OF_TRANSACTIONS_MS if is_own else FIRST_MS
    decode = msgspec.json.Decoder(field.json_type).decode
    for bound in (first_ms, LAST_MS):
        number = (bound - field.epoch_ms) * NS_PER_MS // NANOSECONDS[unit] + steps
        exact_ms = field.epoch_ms + Fraction(number * NANOSECONDS[unit], NS_PER_MS)
        try:
            (time_ms,) = field.column([decode(str(number))])
        except msgspec.ValidationError:
            assert not first_ms <= exact_ms <= LAST_MS
        else:
            assert first_ms <= exact_ms <= LAST_MS and time_ms == exact_ms // 1


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


def test_letters_of_a_format_may_be_of_any_script():
    options = "type: timestamp, format: '%Y年%m月%d日', zone: UTC"
    assert value_of(options, "2026年05月28日") == ms(2026, 5, 28)
    assert value_of(options, "2026年0\u0665月28日")[0] == "x"


SPREAD = "type: timestamp, members: [date.year, month, date.day, time], format: '%Y %m %d %H:%M', zone: Europe/Berlin"
SPREAD_MESSAGE = b'1, "date": {"year": "2026", "day": "28"}, "month": "5", "time": "22:26"'


def test_a_time_may_be_spread_over_members():
    assert outcome_of(SPREAD, SPREAD_MESSAGE, SPREAD_MESSAGE) == [ms(2026, 5, 28, 20, 26)] * 2
    assert outcome_of(SPREAD + ", optional: true", b"1", SPREAD_MESSAGE, b'1, "date": {"day": null}') == [
        None,
        ms(2026, 5, 28, 20, 26),
        None,
    ]


@pytest.mark.parametrize("optional", [False, True])
@pytest.mark.parametrize(
    ("given", "other", "reason"),
    [
        (b'"month": "5", ', b"", "is missing (month)"),
        (b', "day": "28"', b"", "is missing (date.day)"),
        (b'"month": "5"', b'"month": 5', "expected `str{}`, got `int` (month)"),
        (b'"month": "5"', b'"month": ""', "expected `str` of length >= 1 (month)"),
        (
            b'"month": "5"',
            b'"month": "13"',
            "is no time of the format %Y %m %d %H:%M (date.year, month, date.day, time)",
        ),
        (b'"2026"', b'"1926"', "expected a time from 1970 to 2099 (date.year, month, date.day, time)"),
    ],
)
def test_a_time_of_which_a_member_is_wrong_or_missing_is_none(given, other, reason, optional):
    wrong = SPREAD_MESSAGE.replace(given, other)
    options = SPREAD + ", optional: true" * optional
    assert outcome_of(options, SPREAD_MESSAGE, wrong) == ("x", reason.format(" | null" * optional))


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
