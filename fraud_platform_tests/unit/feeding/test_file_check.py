"""A file's faults, row by row: values as they stand in it, whatever stands there."""

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from fraud_platform.feeding.column_mapping import ColumnMapping, FieldSource, times_ms
from fraud_platform.feeding.file_check import FileCheck, check_file, sound_rows
from fraud_platform.feeding.file_rows import open_files
from fraud_platform.feeding.labelled_file import find_period
from fraud_platform.feeding.topic_limits import Bound, Limits, fitting_shift

NAMES = {"transaction_id": "id", "customer_id": "c", "merchant_id": "m", "event_time_ms": "at", "amount": "a"}
MAPPING = ColumnMapping(
    fields={name: FieldSource(column=column) for name, column in NAMES.items()}
    | {"is_fraud": FieldSource(column="fraud"), "country": FieldSource(column="country")}
)
NO_LIMITS = Limits("topic", (), (), True)
GOOD = {"id": "007", "c": "c1", "m": "m1", "at": "2026-05-01T10:00:00", "a": "12.5", "fraud": "0", "country": "FR"}


def checked(folder: Path, *rows: dict, mapping: ColumnMapping = MAPPING, limits: Limits = NO_LIMITS) -> FileCheck:
    path = folder / "rows.csv"
    pd.DataFrame(rows).to_csv(path, index=False)
    file = open_files([path])
    return check_file(file, mapping, find_period(file, mapping), limits, NO_LIMITS)


@pytest.mark.parametrize(
    ("change", "field", "reason"),
    [
        ({"a": "-1"}, "amount", ">= 0"),
        ({"a": "much"}, "amount", "is no number"),
        ({"a": "nan"}, "amount", "is no number"),
        ({"a": "1,234.50"}, "amount", "is no number"),
        ({"a": "1e9"}, "amount", "<= 1"),
        ({"a": "inf"}, "amount", ""),
        ({"a": ""}, "amount", "is empty"),
        ({"c": ""}, "customer_id", "is empty"),
        ({"c": "c" * 65}, "customer_id", "length <= 64"),
        ({"id": "a\tb"}, "transaction_id", "has control characters"),
        ({"at": "yesterday"}, "event_time_ms", "neither an ISO 8601 time"),
        ({"at": "01/05/2026 10:00"}, "event_time_ms", "give its `format`"),
        ({"at": ""}, "event_time_ms", "is empty"),
        ({"fraud": "2"}, "is_fraud", "neither 0 nor 1"),
        ({"fraud": "yes"}, "is_fraud", "neither 0 nor 1"),
        ({"country": "fr"}, "country", "matching regex"),
    ],
)
def test_a_row_at_fault_is_named_with_field_and_reason(tmp_path, change, field, reason):
    check = checked(tmp_path, GOOD, GOOD | change, GOOD)
    ((found_field, column, found_reason),) = check.faults
    assert (found_field, column) == (field, MAPPING.fields[field].column)
    assert reason in found_reason
    assert (check.rows, check.transactions) == (3, 2)
    (rejected,) = check.rejected
    assert rejected.tolist() == [2]


@pytest.mark.parametrize(
    "change",
    [
        {"country": ""},
        {"country": "NA"},
        {"fraud": "TRUE"},
        {"fraud": "1.0"},
        {"a": " 12.50 "},
        {"at": "2026-05-01 10:00:00.123+02:00"},
        {"at": "1777629600000"},
    ],
)
def test_what_can_be_read_is_no_fault(tmp_path, change):
    assert not checked(tmp_path, GOOD | change).faults


def test_seconds_are_told_from_milliseconds(tmp_path):
    rows = [GOOD | {"at": "1777629600"}]
    ((_, _, reason),) = checked(tmp_path, *rows).faults
    assert "looks like seconds" in reason


def test_text_of_a_csv_file_is_sent_as_it_stands_there(tmp_path):
    path = tmp_path / "rows.csv"
    pd.DataFrame([GOOD | {"country": "NA"}]).to_csv(path, index=False)
    file = open_files([path])
    (frame,) = sound_rows(file, MAPPING, find_period(file, MAPPING), [])
    assert (frame["transaction_id"].item(), frame["country"].item()) == ("007", "NA")


def test_a_line_with_too_many_cells_is_a_row_at_fault(tmp_path):
    (tmp_path / "rows.csv").write_text(",".join(GOOD) + "\n" + ",".join(GOOD.values()) + "\n1,2,3,4,5,6,7,8\n")
    file = open_files([tmp_path / "rows.csv"])
    check = check_file(file, MAPPING, find_period(file, MAPPING), NO_LIMITS, NO_LIMITS)
    assert (check.rows, check.transactions) == (2, 1)
    assert "row (column all) has 8 cells, and the header 7" in check.fault_lines()[0]


def test_a_format_reads_times_that_are_not_iso_8601(tmp_path):
    fields = MAPPING.fields | {"event_time_ms": FieldSource(column="at", format="%d/%m/%Y %H:%M")}
    mapping = ColumnMapping(fields=fields)
    check = checked(tmp_path, GOOD | {"at": "13/05/2026 10:00"}, GOOD | {"at": "14/05/2026 10:00"}, mapping=mapping)
    assert not check.faults
    assert times_ms(pd.Series(["13/05/2026 10:00"]), "%d/%m/%Y %H:%M").item() == 1_778_666_400_000


def test_rows_beyond_a_limit_are_counted_and_the_first_is_named(tmp_path):
    oldest = Bound(1_777_629_600_000 - 1_800_000, True, "too old", "send less")
    rows = [GOOD | {"at": f"2026-05-01T0{hour}:00:00"} for hour in range(8, 10)] + [GOOD]
    check = checked(tmp_path, *rows, limits=Limits("topic", (oldest,), (), True))
    assert check.limit_lines() == [
        "2 of 3 rows are too old; the first is row 1, 2026-05-01 08:00:00. send less",
    ]


@pytest.mark.parametrize(
    ("days", "newest", "shift"),
    [
        (10, None, date(2026, 5, 21)),
        (31, None, None),
        (10, date(2026, 5, 20), date(2026, 5, 21)),
        (11, date(2026, 5, 20), None),
    ],
)
def test_a_move_ends_yesterday_within_what_is_taken_and_after_the_newest(days, newest, shift):
    from fraud_platform.core.time import day_start_ms

    lowest = Bound(day_start_ms(date(2026, 5, 1)) - 5, True, "", "")
    limits = [Limits("t", (lowest,), (), True)]
    newest_ms = None if newest is None else day_start_ms(newest) + 5
    assert fitting_shift(limits, days, date(2026, 5, 31), newest_ms) == shift
