"""Somebody's labelled file through a column mapping: the handbook's columns, dates, labels, and clear errors."""

from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from fraud_platform.core.time import DAY_MS, day_start_ms
from fraud_platform.errors import ConfigurationError
from fraud_platform.feeding.column_mapping import ColumnMapping, load_mapping
from fraud_platform.feeding.file_rows import open_files
from fraud_platform.feeding.labelled_file import find_period, read_period, require_columns
from fraud_platform.feeding.messages import Disturbances, transaction_messages
from fraud_platform.messages.transactions import DECODER
from fraud_platform.project_root import PROJECT_ROOT

SHIPPED = PROJECT_ROOT / "config" / "mappings"
FIRST = date(2020, 3, 1)


@pytest.fixture(params=["rows.parquet", "rows.csv"])
def file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Five days of two transactions each, as the handbook names its columns."""
    return write(tmp_path / request.param, handbook_rows())


def handbook_rows() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "TRANSACTION_ID": range(10),
            "TX_DATETIME": pd.date_range("2020-03-01 06:00:01", periods=10, freq="12h"),
            "CUSTOMER_ID": [596, 4961] * 5,
            "TERMINAL_ID": [3156, 3412] * 5,
            "TX_AMOUNT": [57.16, 81.51] * 5,
            "TX_FRAUD": [0, 1, 0, 0, 0, 0, 0, 0, 0, 1],
        }
    )


def write(path: Path, rows: pd.DataFrame) -> Path:
    if path.suffix == ".csv":
        rows.to_csv(path, index=False)
    else:
        rows.to_parquet(path, index=False)
    return path


def read(path: Path, mapping: ColumnMapping | None = None, **dates: Any) -> pd.DataFrame:
    mapping = mapping or load_mapping("handbook", SHIPPED)
    rows = open_files([path])
    require_columns(path, rows, mapping)
    return pd.concat(read_period(rows, mapping, find_period(rows, mapping, **dates)), ignore_index=True)


def mapping_file(folder: Path, text: str) -> str:
    path = folder / "mine.yaml"
    path.write_text(text)
    return str(path)


def test_the_handbooks_rows_become_transactions_that_the_platform_accepts(file: Path) -> None:
    sent = transaction_messages(read(file), Disturbances())
    columns = [m.key for m in sent], [m.value for m in sent], [m.send_ms for m in sent]
    decoded = DECODER.decode(*columns)
    assert decoded.rejections == []
    first = {name: column[0] for name, column in decoded.columns.items()}
    sent_at_ms = day_start_ms(FIRST) + (6 * 3600 + 1) * 1000
    expected = {"transaction_id": "T0", "customer_id": "C596", "merchant_id": "M3156", "amount": 5716}
    assert first == dict.fromkeys(first) | expected | {"event_time_ms": sent_at_ms}


def test_only_frauds_are_reported_and_seven_days_later(file: Path) -> None:
    rows = read(file)
    delay = rows["reported_at_ms"] - rows["event_time_ms"]
    assert list(rows.index[rows["reported_at_ms"] >= 0]) == [1, 9]
    assert (delay[[1, 9]] == 7 * DAY_MS).all()


def test_dates_are_filtered_and_the_first_one_moved(file: Path) -> None:
    rows = read(file, start=date(2020, 3, 2), end=date(2020, 3, 3), shift_to=date(2026, 8, 1))
    assert list(rows["transaction_id"]) == ["T2", "T3", "T4", "T5"]
    assert rows["event_time_ms"].iloc[0] == day_start_ms(date(2026, 8, 1)) + (6 * 3600 + 1) * 1000


def test_reports_move_with_their_transactions(file: Path) -> None:
    still, moved = read(file), read(file, shift_to=date(2020, 3, 11))
    shift = (moved["reported_at_ms"] - still["reported_at_ms"]).tolist()
    assert [shift[1], shift[9], shift[0]] == [10 * DAY_MS, 10 * DAY_MS, 0]


def test_the_period_ends_at_the_midnight_after_its_last_day(file: Path) -> None:
    mapping = load_mapping("handbook", SHIPPED)
    period = find_period(open_files([file]), mapping)
    assert (period.start_ms, period.until_ms) == (day_start_ms(FIRST), day_start_ms(date(2020, 3, 6)))


def test_constants_and_optional_fields_are_taken_as_mapped(tmp_path: Path) -> None:
    text = (SHIPPED / "handbook.yaml").read_text().replace("fields:", "fields:\n  channel: {constant: online}")
    rows = read(write(tmp_path / "rows.csv", handbook_rows()), load_mapping(mapping_file(tmp_path, text), SHIPPED))
    assert set(rows["channel"]) == {"online"}


def test_a_missing_column_is_named_with_those_there_are(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.parquet", handbook_rows().drop(columns="TX_AMOUNT"))
    with pytest.raises(ConfigurationError, match=r"no column TX_AMOUNT .* it has TRANSACTION_ID"):
        read(path)


def test_rows_out_of_order_are_refused_before_anything_is_read(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.parquet", handbook_rows().iloc[::-1])
    with pytest.raises(ConfigurationError, match="sort the file by it"):
        read(path)


def test_an_empty_value_in_a_required_column_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.parquet", handbook_rows().assign(TX_AMOUNT=[None, *[1.0] * 9]))
    with pytest.raises(ConfigurationError, match=r"TX_AMOUNT cannot be read as amount in 1 rows: row 1, '', is empty"):
        read(path)


def test_a_value_of_the_wrong_kind_names_its_column(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.csv", handbook_rows().assign(TX_AMOUNT="much"))
    with pytest.raises(ConfigurationError, match="TX_AMOUNT cannot be read as amount in 10 rows: row 1, 'much', is"):
        read(path)


def test_dates_without_rows_are_an_error(file: Path) -> None:
    with pytest.raises(ConfigurationError, match="no rows between 2021-01-01"):
        read(file, start=date(2021, 1, 1))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("fields: {amount: {column: A}}", "required fields are not mapped: transaction_id, customer_id"),
        ("fields: {amount: {column: A, constant: 1}}", "either a column or a constant"),
        ("fields: {amount: {kolumn: A}}", "kolumn"),
        ("fields: [", "mine.yaml"),
        ("{}", "fields"),
    ],
)
def test_a_faulty_mapping_says_what_is_wrong(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        load_mapping(mapping_file(tmp_path, text), SHIPPED)


def test_a_field_that_transactions_do_not_have_is_refused(tmp_path: Path) -> None:
    text = (SHIPPED / "handbook.yaml").read_text().replace("fields:", "fields:\n  colour: {constant: red}")
    with pytest.raises(ConfigurationError, match="unknown fields: colour"):
        load_mapping(mapping_file(tmp_path, text), SHIPPED)


def test_an_unknown_mapping_lists_the_shipped_ones() -> None:
    with pytest.raises(ConfigurationError, match="shipped mappings: handbook"):
        load_mapping("nope", SHIPPED)


@pytest.mark.parametrize(("name", "message"), [("none.csv", "no such file"), ("rows.xlsx", "not one of")])
def test_files_that_cannot_be_read_are_named(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "rows.xlsx").touch()
    with pytest.raises(ConfigurationError, match=f"{name}: {message}"):
        open_files([tmp_path / name])
