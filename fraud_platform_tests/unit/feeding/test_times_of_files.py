"""Times of files: the instant that is meant, or a line; day and month are never guessed."""

from datetime import datetime

import pytest

from fraud_platform.errors import ConfigurationError
from fraud_platform_tests.support.checked_file import checked, declaration_text, text_file

HEADER = "id,customer,merchant,time,amount,fraud,reported"
DAY_MS = 86_400_000


def file(tmp_path, *times, fraud="0", reported=""):
    more = [reported] if reported else []
    lines = [",".join([f"A{at}", "k1", "m1", time, "3.25", fraud, *more]) for at, time in enumerate(times)]
    return text_file(tmp_path / "a.csv", "\n".join([HEADER if reported else HEADER.removesuffix(",reported"), *lines]))


def at(text):
    return int(datetime.fromisoformat(text).timestamp() * 1_000)


def declared(time, labels=""):
    return declaration_text(time=f"{{type: timestamp, role: time, {time}}}", labels=labels)


@pytest.mark.parametrize(
    ("text", "time", "instant"),
    [
        ("2026-04-02 08:00:00", "zone: UTC", "2026-04-02T08:00:00Z"),
        ("2026-04-02 08:00:00", "zone: Europe/Berlin", "2026-04-02T08:00:00+02:00"),
        ("2026-04-02T08:00:00Z", "optional: false", "2026-04-02T08:00:00Z"),
        ("2026-04-02T08:00:00+02:00", "zone: UTC", "2026-04-02T08:00:00+02:00"),
        ("02/04/2026 08:00", "format: '%d/%m/%Y %H:%M', zone: UTC", "2026-04-02T08:00:00Z"),
        ("04/02/2026 08:00", "format: '%m/%d/%Y %H:%M', zone: UTC", "2026-04-02T08:00:00Z"),
        ("4/2/26 8:05", "format: '%m/%d/%y %H:%M', zone: UTC", "2026-04-02T08:05:00Z"),
        ("4/2/2026 1:00 PM", "format: '%m/%d/%Y %I:%M %p', zone: UTC", "2026-04-02T13:00:00Z"),
        ("4/2/2026 12:00 AM", "format: '%m/%d/%Y %I:%M %p', zone: UTC", "2026-04-02T00:00:00Z"),
        ("2026-04-02", "format: '%Y-%m-%d', zone: UTC", "2026-04-02T00:00:00Z"),
        ("02-Apr-2026 08:00:00", "format: '%d-%b-%Y %H:%M:%S', zone: UTC", "2026-04-02T08:00:00Z"),
        ("20260402", "format: '%Y%m%d', zone: UTC", "2026-04-02T00:00:00Z"),
        ("1775116800", "unit: s", "2026-04-02T08:00:00Z"),
        ("1775116800.0", "unit: s", "2026-04-02T08:00:00Z"),
        ("1775116800000", "unit: ms", "2026-04-02T08:00:00Z"),
        ("1775116800000000", "unit: us", "2026-04-02T08:00:00Z"),
    ],
)
def test_a_time_is_read_by_its_declaration(tmp_path, text, time, instant):
    found = checked(file(tmp_path, text), declaration=declared(time))
    assert (found.faults, found.decoded["time"]) == ([], [at(instant)])


@pytest.mark.parametrize(
    ("text", "way_out"),
    [
        ("01/02/2026 10:00", "'%d/%m/%Y %H:%M': day and month cannot be told apart"),
        ("13/02/2026 10:00", "declare format: '%d/%m/%Y %H:%M'"),
        ("3/1/26 10:00", "day and month cannot be told apart"),
        ("3/1/2026 9:00 AM", "%I:%M %p"),
        ("1775116800", "declare unit: s"),
        ("1775116800000", "declare unit: ms"),
        ("1775116800000000", "declare unit: us"),
        ("1775116800.25", "numbers are whole"),
        ("20260402", "declare format: '%Y%m%d'"),
        ("2026-04-02", "declare format: '%Y-%m-%d'"),
        ("02-Apr-2026 08:00:00", "declare format: '%d-%b-%Y %H:%M:%S'"),
        ("2026-04-02T08:00", "declare format: '%Y-%m-%dT%H:%M'"),
        ("2026-04-02 08:00:00 UTC", "declare format: '%Y-%m-%d %H:%M:%S UTC'"),
        ("2026-04-02 08:00:00+00", "declare format: '%Y-%m-%d %H:%M:%S+00'"),
    ],
)
def test_a_time_in_a_way_that_is_not_declared_is_refused_with_the_way_out(tmp_path, text, way_out):
    with pytest.raises(ConfigurationError, match="none of 1 rows has a time") as caught:
        checked(file(tmp_path, text))
    assert way_out in str(caught.value)
    assert repr(text) in str(caught.value)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is missing"),
        ("unknown", "if it is a time"),
        ("0000-00-00 00:00:00", "the calendar has no such time"),
        ("2026-02-30 08:00:00", "the calendar has no such time"),
        ("9999-12-31 00:00:00", "from 2000 to 2099"),
        ("1999-12-31 00:00:00", "from 2000 to 2099"),
        ("1775116800", "declare unit: s"),
    ],
)
def test_a_row_without_a_time_is_one_fault(tmp_path, text, reason):
    found = checked(file(tmp_path, "2026-04-02 08:00:00", text, "2026-04-02 08:00:01"))
    (fault,) = found.faults
    assert (fault.row, fault.column, fault.value) == (2, "time", text)
    assert reason in fault.reason


def test_a_text_without_offset_needs_a_zone(tmp_path):
    path = file(tmp_path, "2026-04-02T08:00:00Z", "2026-04-02T08:00:01")
    (fault,) = checked(path, declaration=declared("optional: false")).faults
    assert "declare zone: UTC" in fault.reason
    both = checked(path, declaration=declared("zone: UTC"))
    assert both.decoded["time"] == [at("2026-04-02T08:00:00Z"), at("2026-04-02T08:00:01Z")]


def test_one_date_that_says_the_format_is_exchanged_refuses_the_whole_file(tmp_path):
    path = file(tmp_path, "04/02/2026 08:00", "05/02/2026 08:00", "13/02/2026 08:00")
    with pytest.raises(ConfigurationError, match="'13/02/2026 08:00': they are times of the format %d/%m/%Y"):
        checked(path, declaration=declared("format: '%m/%d/%Y %H:%M', zone: UTC"))


@pytest.mark.parametrize(("text", "unit"), [("1775116800", "ms"), ("1775116800000", "us"), ("20260402", "s")])
def test_a_number_in_another_unit_lies_before_2000_and_is_refused(tmp_path, text, unit):
    with pytest.raises(ConfigurationError, match=f"the declaration says unit: {unit}"):
        checked(file(tmp_path, text), declaration=declared(f"unit: {unit}"))


@pytest.mark.parametrize(
    ("text", "labels", "instant"),
    [
        ("2026-04-09T08:00:00Z", "", "2026-04-09T08:00:00Z"),
        ("2026-04-09 08:00:00", "", "2026-04-09T08:00:00Z"),
        ("2026-04-09 08:00:00", ", zone: Europe/Berlin", "2026-04-09T06:00:00Z"),
        ("09/04/2026", ", format: '%d/%m/%Y'", "2026-04-09T00:00:00Z"),
        ("1775721600", ", unit: s", "2026-04-09T08:00:00Z"),
        ("1775721600000", "", "2026-04-09T08:00:00Z"),
    ],
)
def test_a_fraud_is_reported_when_the_file_says(tmp_path, text, labels, instant):
    path = file(tmp_path, "2026-04-02 08:00:00", fraud="1", reported=text)
    found = checked(path, declaration=declared("zone: UTC", labels))
    assert (found.faults, found.reported) == ([], [at(instant)])


@pytest.mark.parametrize(
    ("text", "labels", "reason"),
    [
        ("09/04/2026", "", "under labels, declare format: '%m/%d/%Y', or '%d/%m/%Y'"),
        ("1775721600", "", "under labels, declare unit: s"),
        ("1775721600", ", unit: ms", "lies before its transaction: correct unit"),
        ("2026-02-09 08:00:00", "", "lies before its transaction"),
        ("soon", "", "is no time of a report"),
        (" ", "", "is empty though the row is a fraud"),
    ],
)
def test_a_report_without_a_time_is_a_fault(tmp_path, text, labels, reason):
    path = file(tmp_path, "2026-04-02 08:00:00", fraud="1", reported=text)
    (fault,) = checked(path, declaration=declared("zone: UTC", labels)).faults
    assert (fault.row, fault.column) == (1, "reported")
    assert reason in fault.reason


def test_the_same_holds_for_the_dates_of_reports(tmp_path):
    path = file(tmp_path, "2026-04-02 08:00:00", fraud="1", reported="04/13/2026")
    with pytest.raises(
        ConfigurationError, match="column reported has '04/13/2026': they are times of the format %m/%d"
    ):
        checked(path, declaration=declared("zone: UTC", ", format: '%d/%m/%Y'"))
