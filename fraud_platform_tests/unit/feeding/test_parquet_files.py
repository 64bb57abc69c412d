"""Parquet files: what a column's type says, and what it cannot say is refused."""

from datetime import UTC, date, datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from fraud_platform.errors import ConfigurationError
from fraud_platform_tests.support.checked_file import checked, declaration_text, parquet_file

AT = datetime(2026, 4, 2, 8)
NUMBERS = {"device": "{type: id, optional: true}"}


def file(tmp_path, rows=1, **columns):
    usual = {"id": "A1", "customer": "k1", "merchant": "m1", "time": "2026-04-02 08:00:00", "amount": 3.25, "fraud": 0}
    return parquet_file(tmp_path / "a.parquet", **{name: [value] * rows for name, value in usual.items()} | columns)


def at(text):
    return int(datetime.fromisoformat(text).timestamp() * 1_000)


@pytest.mark.parametrize(
    ("column", "texts"),
    [
        (pa.array([7, None, 8]), ["7", None, "8"]),
        (pa.array([7.0, None, 8.0]), ["7", None, "8"]),
        (pa.array([7.0, float("nan"), 8.0]), ["7", None, "8"]),
        (pa.array([2**64 - 1, None, 8], pa.uint64()), ["18446744073709551615", None, "8"]),
        (pa.array([2**53 + 1, None, 8]), ["9007199254740993", None, "8"]),
        (pa.array(["007", None, "7"]), ["007", None, "7"]),
        (pa.array(["007", None, "7"], pa.large_string()), ["007", None, "7"]),
        (pa.array(["a", None, "b"]).dictionary_encode(), ["a", None, "b"]),
        (pa.array([7, None, 8]).dictionary_encode(), ["7", None, "8"]),
        (pa.array([True, None, False]), ["true", None, "false"]),
        (pa.array([date(2026, 4, 2), None, None]), ["2026-04-02", None, None]),
        (pa.array([b"k", None, b"l"]), ["k", None, "l"]),
        (pa.array([Decimal(70), None, Decimal(8)], pa.decimal128(20, 0)), ["70", None, "8"]),
        (pa.nulls(3), [None, None, None]),
    ],
)
def test_an_id_is_text_whatever_its_column(tmp_path, column, texts):
    found = checked(file(tmp_path, 3, device=column), declaration=declaration_text(**NUMBERS))
    assert (found.faults, found.column("device")) == ([], texts)


@pytest.mark.parametrize(
    ("column", "reason"),
    [
        (pa.array([6.011e15, 2.0**53]), "digits are gone"),
        (pa.array([1.0, 2.0**24], pa.float32()), "digits are gone"),
        (pa.array([1.0, 1.5]), "a fraction"),
        (pa.array([None, [1, 2]]), "a list, a mapping or bytes"),
        (pa.array([b"k", b"\xff"]), "a list, a mapping or bytes"),
    ],
)
def test_an_id_that_a_double_has_rounded_is_refused(tmp_path, column, reason):
    fault = checked(file(tmp_path, 2, customer=column)).faults[-1]
    assert (fault.row, fault.column) == (2, "customer")
    assert reason in fault.reason


@pytest.mark.parametrize(
    ("column", "units"),
    [
        (pa.array([12.5]), 1250),
        (pa.array([12]), 1200),
        (pa.array([12.34], pa.float32()), 1234),
        (pa.array([Decimal("12.50")], pa.decimal128(6, 2)), 1250),
        (pa.array([Decimal("12.500")], pa.decimal128(8, 3)), 1250),
        (pa.array(["12.50"]), 1250),
        (pa.array([0.1 + 0.2]), 30),
        (pa.array(["12.50"]).dictionary_encode(), 1250),
    ],
)
def test_an_amount_is_exact_whatever_its_column(tmp_path, column, units):
    found = checked(file(tmp_path, amount=column))
    assert (found.faults, found.decoded["amount"]) == ([], [units])


@pytest.mark.parametrize(
    ("column", "reason"),
    [
        (pa.array([0.125]), "declare a larger scale"),
        (pa.array([200_000.25], pa.float32()), "digits are gone"),
        (pa.array([float("nan")]), "is missing"),
        (pa.array([float("inf")]), "is infinite"),
        (pa.array([True]), "expected `float`"),
    ],
)
def test_an_amount_that_is_none_is_refused(tmp_path, column, reason):
    (fault,) = checked(file(tmp_path, amount=column)).faults
    assert reason in f"{fault.field} {fault.reason}"


@pytest.mark.parametrize(
    ("column", "time", "instant"),
    [
        (pa.array([AT], pa.timestamp("ns", "America/New_York")), "zone: UTC", "2026-04-02T08:00:00Z"),
        (pa.array([AT], pa.timestamp("us", "UTC")), "zone: Europe/Berlin", "2026-04-02T08:00:00Z"),
        (pa.array([AT], pa.timestamp("us", "UTC")), "optional: false", "2026-04-02T08:00:00Z"),
        (pa.array([AT], pa.timestamp("s", "UTC")), "unit: ms", "2026-04-02T08:00:00Z"),
        (pa.array([AT], pa.timestamp("ns")), "zone: UTC", "2026-04-02T08:00:00Z"),
        (pa.array([AT], pa.timestamp("ns")), "zone: Europe/Berlin", "2026-04-02T08:00:00+02:00"),
        (pa.array([AT.date()]), "zone: UTC", "2026-04-02T00:00:00Z"),
        (pa.array([AT.date()], pa.date64()), "zone: Europe/Berlin", "2026-04-02T00:00:00+02:00"),
        (pa.array([AT]), "format: '%d/%m/%Y %H:%M', zone: UTC", "2026-04-02T08:00:00Z"),
        (pa.array([1_775_116_800]), "unit: s", "2026-04-02T08:00:00Z"),
        (pa.array([1_775_116_800.0]), "unit: s", "2026-04-02T08:00:00Z"),
        (pa.array([20_260_402]), "format: '%Y%m%d', zone: UTC", "2026-04-02T00:00:00Z"),
    ],
)
def test_a_time_is_the_instant_whatever_its_column(tmp_path, column, time, instant):
    declaration = declaration_text(time=f"{{type: timestamp, role: time, {time}}}")
    found = checked(file(tmp_path, time=column), declaration=declaration)
    assert (found.faults, found.decoded["time"]) == ([], [at(instant)])


@pytest.mark.parametrize(
    ("column", "time", "way_out"),
    [
        (pa.array([AT]), "optional: false", "is a time without a zone: declare zone: UTC"),
        (pa.array([AT.replace(second=5)]), "format: '%d/%m/%Y %H:%M', zone: UTC", "is finer than the declaration"),
        (pa.array([AT.replace(minute=30)]), "unit: h", "is finer than the declaration"),
        (pa.array([1_775_116_800.25]), "unit: s", "numbers are whole"),
        (pa.array([1_775_116_800]), "zone: UTC", "declare unit: s"),
        (pa.array([253_402_300_800_000_000], pa.timestamp("us")), "zone: UTC", "if it is a time"),
        (pa.array([2**62], pa.timestamp("ms")), "zone: UTC", "if it is a time"),
    ],
)
def test_a_time_that_would_be_another_is_refused(tmp_path, column, time, way_out):
    declaration = declaration_text(time=f"{{type: timestamp, role: time, {time}}}")
    with pytest.raises(ConfigurationError, match="none of 1 rows has a time") as caught:
        checked(file(tmp_path, time=column), declaration=declaration)
    assert way_out in str(caught.value)


def test_a_time_that_is_none_is_missing(tmp_path):
    times = pa.array([AT, None], pa.timestamp("ns"))
    (fault,) = checked(file(tmp_path, 2, time=times)).faults
    assert (fault.row, fault.value, fault.reason.split(":")[0]) == (2, "", "is missing")


@pytest.mark.parametrize(
    "column",
    [pa.array([True, False, None]), pa.array([1.0, 0.0, None]), pa.array(["1", "0", None]).dictionary_encode()],
)
def test_a_label_is_read_whatever_its_column(tmp_path, column):
    assert [at >= 0 for at in checked(file(tmp_path, 3, fraud=column)).reported] == [True, False, False]


@pytest.mark.parametrize(
    "column",
    [
        pa.array([[1.5]]),
        pa.array([{"a": 1}]),
        pa.array([b"\xff"]),
        pa.array([datetime(2026, 4, 2, tzinfo=UTC)]),
        pa.array([np.float32(1.5)]),
        pa.array([Decimal("1.50")], pa.decimal128(6, 2)),
        pa.array([np.timedelta64(5, "s")]),
        pa.array([AT.time()]),
        pa.array([float("inf")]),
    ],
)
def test_a_column_that_nothing_uses_may_be_anything(tmp_path, column):
    found = checked(file(tmp_path, note=column))
    assert (found.faults, found.unused, len(found.messages)) == ([], ["note"], 1)


def test_a_number_that_is_infinite_is_refused(tmp_path):
    declaration = declaration_text(balance="{type: number, optional: true}")
    (fault,) = checked(file(tmp_path, 2, balance=[float("inf"), float("nan")]), declaration=declaration).faults
    assert (fault.row, fault.reason) == (1, "is infinite: correct it")


def test_text_that_is_not_utf_8_is_refused(tmp_path):
    text = pa.Array.from_buffers(pa.string(), 1, pa.array([b"\xff"]).buffers())
    with pytest.raises(ConfigurationError, match="UTF8"):
        checked(file(tmp_path, merchant=text))


def test_an_index_of_pandas_is_not_sent(tmp_path):
    path = file(tmp_path, 2, time=pa.array([AT, AT]))
    pd.read_parquet(path).set_index(pd.Index([5, 6])).to_parquet(path)
    assert "__index_level_0__" not in checked(path).messages[0]


def test_a_file_that_is_no_parquet_is_one_clear_line(tmp_path):
    (tmp_path / "a.parquet").write_text("id,customer\n")
    with pytest.raises(ConfigurationError, match=r"a\.parquet: cannot be read"):
        checked(tmp_path / "a.parquet")
