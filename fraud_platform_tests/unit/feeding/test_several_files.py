"""Several files, or a folder of them, as one feed."""

import csv
import pickle

import pandas as pd
import pytest

from fraud_platform.errors import ConfigurationError
from fraud_platform.feeding.column_mapping import RowFault
from fraud_platform.feeding.file_check import Place, RejectFile
from fraud_platform.feeding.file_rows import open_files
from fraud_platform_tests.support.checked_file import checked, parquet_file, text_file

HEADER = "id,customer,merchant,time,amount,fraud"


def day(number, amount="3.25"):
    return f"{HEADER}\nA{number},k1,m1,2026-04-0{number} 08:00:00,{amount},0\n"


def test_a_folder_is_its_files_by_name(tmp_path):
    text_file(tmp_path / "2.csv.gz", day(2))
    text_file(tmp_path / "1.csv", day(1))
    text_file(tmp_path / "README.md", "not a row")
    text_file(tmp_path / ".3.csv", "half a download")
    assert checked(tmp_path).column("id") == ["A1", "A2"]


def test_files_of_different_kinds_are_one_feed(tmp_path):
    frame = pd.read_csv(text_file(tmp_path / "2.csv", day(2)))
    frame.to_parquet(tmp_path / "2.parquet")
    found = checked(text_file(tmp_path / "1.csv", day(1)), tmp_path / "2.parquet")
    assert found.column("id") == ["A1", "A2"]


def test_files_in_any_order_are_sorted(tmp_path):
    files = [text_file(tmp_path / f"{number}.csv", day(number)) for number in (3, 1, 2)]
    assert checked(*files).column("id") == ["A1", "A2", "A3"]


def test_rows_without_an_id_are_numbered_over_all_files(tmp_path):
    files = [text_file(tmp_path / f"{number}.csv", day(number).replace("id,", "n,")) for number in (1, 2)]
    assert checked(*files).column("id") == ["1", "2"]


def test_a_row_has_its_place_in_a_file(tmp_path):
    files = [text_file(tmp_path / f"{number}.csv", day(number) + "A9,k1\n") for number in (1, 2)]
    rows = open_files(files)
    assert [fault.row for batch in rows.batches(["id"]) for fault in batch.faults] == [2, 4]
    assert [rows.place(number) for number in (1, 2, 3, 4)] == [
        (files[0], 1),
        (files[0], 2),
        (files[1], 1),
        (files[1], 2),
    ]


def test_rejected_rows_are_written_with_their_file(tmp_path):
    rejects = RejectFile(tmp_path / "r.csv", lambda number: Place("b.csv", number - 10))
    rejects.write([RowFault(12, "amount", "much", "amount", "is no number")])
    rejects.close()
    with (tmp_path / "r.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert (row["row"], row["file"], row["value"]) == ("2", "b.csv", "much")


def test_files_with_other_columns_are_refused(tmp_path):
    other = text_file(tmp_path / "2.csv", day(2).replace("fraud", "fraud,note"))
    with pytest.raises(ConfigurationError, match=r"1\.csv differ in column note"):
        checked(text_file(tmp_path / "1.csv", day(1)), other)


def test_a_file_given_twice_is_refused(tmp_path):
    file = text_file(tmp_path / "1.csv", day(1))
    with pytest.raises(ConfigurationError, match="given twice"):
        checked(file, tmp_path)


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(ConfigurationError, match="has no files of transactions"):
        checked(tmp_path)


class Armed:
    """Runs when it is unpickled."""

    def __reduce__(self):
        return print, ("boom",)


def test_a_pickle_is_never_opened(tmp_path, capsys):
    (tmp_path / "2018-04-01.pkl").write_bytes(pickle.dumps(Armed()))
    with pytest.raises(ConfigurationError, match=r"pandas\.read_pickle\('.*2018-04-01\.pkl'\)\.to_parquet"):
        checked(tmp_path / "2018-04-01.pkl")
    with pytest.raises(ConfigurationError, match=r"has 1 pickles, .*glob\('\*\.pkl'\)"):
        checked(tmp_path)
    assert capsys.readouterr().out == ""


def test_the_command_for_pickles_leaves_a_folder_that_is_read(tmp_path):
    usual = {"id": ["A1"], "customer": [7], "merchant": ["m"], "amount": [1.5], "fraud": [0]}
    parquet_file(tmp_path / "2018-04-01.parquet", **usual, time=["2026-04-02 09:00:00"])
    (tmp_path / "2018-04-01.pkl").write_bytes(b"converted")
    assert checked(tmp_path).column("customer") == ["7"]
