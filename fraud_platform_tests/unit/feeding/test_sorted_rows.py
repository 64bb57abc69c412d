"""Rows in any order: sorted by time, those of one time as they stood, in little memory, without a trace."""

import random
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fraud_platform.errors import ConfigurationError
from fraud_platform.feeding import sorted_rows
from fraud_platform.feeding.file_rows import open_files
from fraud_platform.feeding.sorted_rows import SortedRows
from fraud_platform_tests.support.checked_file import checked, parquet_file, text_file


def in_columns(batch):
    at, row = (column.to_pylist() for column in batch.rows.columns)
    return list(zip(at, batch.numbers.tolist(), row, strict=True))


HEADER = "id,customer,merchant,time,amount,fraud"


@given(st.lists(st.integers(-3, 3) | st.integers(-(2**40), 2**40), min_size=1, max_size=60), st.integers(1, 900))
def test_every_order_is_sorted_and_rows_of_one_time_stay_in_place(times, run_bytes):
    with TemporaryDirectory() as folder:
        file = parquet_file(Path(folder) / "a.parquet", at=pa.array(times), row=pa.array(range(1, len(times) + 1)))
        rows = open_files([file])
        by_time = SortedRows(rows, lambda batch: batch.rows.column("at").to_numpy(), Path(folder), run_bytes)
        found = [row for batch in by_time.batches(["at", "row"]) for row in in_columns(batch)]
    expected = sorted((at, number) for number, at in enumerate(times, 1))
    assert found == [(at, number, number) for at, number in expected]


def test_runs_are_merged_piece_by_piece(tmp_path, monkeypatch):
    monkeypatch.setattr(sorted_rows, "_PIECE_ROWS", 7)
    monkeypatch.setattr("fraud_platform.feeding.file_rows.BATCH_ROWS", 50)
    times = np.random.default_rng(3).integers(0, 100, 1_000)
    rows = open_files([parquet_file(tmp_path / "a.parquet", at=pa.array(times))])
    by_time = SortedRows(rows, lambda batch: batch.rows.column("at").to_numpy(), tmp_path, 2_000)
    found = np.concatenate([batch.numbers for batch in by_time.batches(["at"])])
    assert len(list(tmp_path.glob("*/*.parquet"))) > 5
    assert found.tolist() == (np.argsort(times, kind="stable") + 1).tolist()


def test_temporary_files_end_with_the_rows(tmp_path):
    rows = open_files([parquet_file(tmp_path / "a.parquet", at=pa.array([2, 1]))])
    by_time = SortedRows(rows, lambda batch: batch.rows.column("at").to_numpy(), tmp_path)
    assert len(list(tmp_path.iterdir())) == 2
    del by_time
    assert [path.name for path in tmp_path.iterdir()] == ["a.parquet"]


def test_a_file_in_any_order_is_the_same_feed(tmp_path):
    lines = [f"A{at},k{at % 3},m1,2026-04-02 08:00:{at:02},3.25,{int(at % 7 == 0)}" for at in range(60)]
    mixed = random.Random(5).sample(lines, len(lines))
    in_order = checked(text_file(tmp_path / "a.csv", "\n".join([HEADER, *lines])))
    found = checked(text_file(tmp_path / "b.csv", "\n".join([HEADER, *mixed])))
    assert (found.messages, found.reported) == (in_order.messages, in_order.reported)


def test_a_fault_names_the_row_as_it_stands_in_the_file(tmp_path):
    lines = ["A1,k,m,2026-04-02 09:00:00,1,0", "A2,k", "A3,k,m,2026-04-02 08:00:00,much,0", "A4,k,m,soon,1,0"]
    found = checked(text_file(tmp_path / "a.csv", "\n".join([HEADER, *lines])))
    assert {(fault.row, fault.field) for fault in found.faults} == {(2, "row"), (3, "amount"), (4, "time")}
    assert found.column("id") == ["A1"]


def test_files_that_give_a_column_two_types_are_not_sorted(tmp_path):
    usual = {"id": ["A1"], "customer": ["k"], "merchant": ["m"], "amount": [1.5], "fraud": [0]}
    first = parquet_file(tmp_path / "a.parquet", **usual, time=["2026-04-02 09:00:00"])
    second = parquet_file(tmp_path / "b.parquet", **usual | {"customer": [5]}, time=["2026-04-02 08:00:00"])
    with pytest.raises(ConfigurationError, match=r"column customer has another type .*string and int64"):
        checked(first, second)
