"""Tables of the lake that were written under another declaration: columns that it did not have are null."""

from datetime import date

import pyarrow as pa
import pytest

from fraud_platform.storage.lake import Lake, Table

DAY = date(2026, 5, 1)
SCHEMA = pa.schema([("date", pa.date32()), ("id", pa.string()), ("later", pa.float64()), ("text", pa.string())])
TABLE = Table("features/some", "some", SCHEMA)


@pytest.fixture
def lake(settings) -> Lake:
    made = Lake(settings)
    made.replace_days(TABLE, pa.table({"date": [DAY, DAY], "id": ["a", "b"], "former": [1, 2]}), DAY, DAY)
    return made


def test_a_column_that_came_later_is_null_in_its_place(lake):
    rows = lake.read(TABLE, ["later", "id", "text"])
    assert rows.schema.equals(pa.schema([SCHEMA.field(name) for name in ("later", "id", "text")]))
    assert sorted(rows.to_pylist(), key=lambda row: row["id"]) == [
        {"later": None, "id": "a", "text": None},
        {"later": None, "id": "b", "text": None},
    ]


def test_rows_are_chosen_by_the_columns_that_are_there(lake):
    assert len(lake.read(TABLE, ["later"], DAY, DAY)) == 2
    assert len(lake.read(TABLE, ["later", "id"], date(2026, 5, 2))) == 0


def test_the_next_write_brings_the_column(lake):
    rows = pa.table({"date": [date(2026, 5, 2)], "id": ["c"], "later": [0.5], "text": ["t"]})
    lake.replace_days(TABLE, rows, date(2026, 5, 2), date(2026, 5, 2))
    found = {row["id"]: row["later"] for row in lake.read(TABLE, ["id", "later"]).to_pylist()}
    assert found == {"a": None, "b": None, "c": 0.5}


def test_a_column_that_the_table_never_has_is_an_error(lake):
    with pytest.raises(pa.ArrowInvalid, match="nowhere"):
        lake.read(TABLE, ["id", "nowhere"])


def test_columns_of_a_former_declaration_are_read_by_name_and_with_all(lake):
    assert sorted(lake.read(TABLE, ["former"])["former"].to_pylist()) == [1, 2]
    assert set(lake.read(TABLE).column_names) == {"date", "id", "former"}
