"""Declarations proposed for files: they are sound, they take every row, and they say what is not sure."""

import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fraud_platform.core.declaration.declaration import Declaration
from fraud_platform.core.declaration.reading import read_declaration
from fraud_platform.errors import ConfigurationError
from fraud_platform.feeding.proposing import proposed_declaration
from fraud_platform_tests.support.checked_file import checked, text_file
from fraud_platform_tests.support.worlds.generated_rows import SHAPES, generated_rows

KEYS = {
    "handbook": "CUSTOMER_ID",
    "sparkov": "cc_num",
    "paysim": "nameOrig",
    "ieee_cis": "card1",
    "tabformer": "User",
    "ulb": None,
    "card_authorisations": "card.pan_hash",
}


def proposed(path, **options) -> Declaration:
    return read_declaration(proposed_declaration([path], **options), "proposed.yaml")


def rows(tmp_path, **columns):
    """60 rows of 12 customers, every tenth a fraud; columns: others, other values, or None for none."""
    many = range(60)
    usual = {
        "id": [f"A{n}" for n in many],
        "customer": [f"k{n % 12}" for n in many],
        "time": [f"2026-04-02 08:{n:02}:00" for n in many],
        "amount": [f"{n}.25" for n in many],
        "fraud": [int(n % 10 == 0) for n in many],
    }
    kept = {name: values for name, values in (usual | columns).items() if values is not None}
    pd.DataFrame(kept).to_csv(tmp_path / "a.csv", index=False)
    return tmp_path / "a.csv"


@pytest.mark.parametrize("world", SHAPES)
def test_every_row_of_a_known_world_is_taken_by_its_proposal(tmp_path, world):
    path = tmp_path / f"{world}.csv"
    generated_rows(world, rows=400).to_csv(path, index=False)
    text = proposed_declaration([path])
    declaration, found = read_declaration(text, "proposed.yaml"), checked(path, declaration=text)
    key = declaration.world.with_role("key")
    assert (declaration.header.name, key and (key.path or key.name)) == (world, KEYS[world])
    assert (len(found.messages), found.faults) == (400, [])
    assert any(at >= 0 for at in found.reported)
    assert declaration.world.with_role("amount") is not None


def test_replay_takes_the_file_under_the_proposal_in_a_process_of_its_own(tmp_path):
    path, frame = tmp_path / "tabformer.csv", generated_rows("tabformer", rows=300)
    frame.to_csv(path, index=False)
    (tmp_path / "proposed.yaml").write_text(proposed_declaration([path]))
    command = [sys.executable, "-m", "fraud_platform_tests.support.worlds.checked_replays", str(path)]
    setting = {"DECLARATION": str(tmp_path / "proposed.yaml"), "DATA_DIR": str(tmp_path / "data")}
    done = subprocess.run(command, env=os.environ | setting, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-4_000:]
    frauds = int((frame["Is Fraud?"] == "Yes").sum())
    assert json.loads(done.stdout) == {"transactions": 300, "frauds": frauds, "faults": []}


@pytest.mark.parametrize(
    ("values", "options"),
    [
        ([f"{n % 7}.{n % 3}" for n in range(60)], {"type": "number"}),
        (["Y" if n % 2 else "N" for n in range(60)], {"type": "boolean"}),
        (["chip", "swipe", ""] * 20, {"type": "category", "optional": True}),
        ([f"192.0.2.{n}" for n in range(60)], {"type": "ip"}),
        ([f"2020-01-{1 + n % 28:02}" for n in range(60)], {"type": "timestamp", "format": "%Y-%m-%d", "zone": "UTC"}),
        ([f"{n % 5:03}" for n in range(60)], {"type": "category"}),
    ],
)
def test_a_column_has_the_type_of_its_values(tmp_path, values, options):
    path = rows(tmp_path, extra=values)
    field = proposed(path).world.field("extra")
    assert {"type": field.type_name} | {name: getattr(field, name) for name in options if name != "type"} == options
    assert checked(path, declaration=proposed_declaration([path])).faults == []


def test_places_are_told_by_name_and_range(tmp_path):
    world = proposed(rows(tmp_path, lat=[n / 2 for n in range(60)], long=[n * 2.5 for n in range(60)])).world
    assert [world.field(name).type_name for name in ("lat", "long")] == ["latitude", "longitude"]


@pytest.mark.parametrize(
    ("name", "values", "why"),
    [
        ("outcome", ["bad" if n % 10 == 0 else "fine" for n in range(60)], "they give the label away"),
        ("reason", [f"case {n}" if n % 10 == 0 else "" for n in range(60)], "they give the label away"),
        ("fraud_score", list(range(60)), "known after the label only"),
        ("bank", ["ours"] * 60, "they are constant"),
        ("note", [""] * 60, "they are empty"),
        ("story", ["x" * 300 + str(n) for n in range(60)], "text of up to 302 characters"),
        ("born", [f"19{n % 60:02}-05-01" for n in range(60)], None),
    ],
)
def test_a_column_is_left_out_with_the_reason(tmp_path, name, values, why):
    path = rows(tmp_path, **{name: values})
    text = proposed_declaration([path])
    assert checked(path, declaration=text).faults == []
    if why is not None:
        assert name not in read_declaration(text, "").world.names
        (line,) = [line for line in text.splitlines() if why in line]
        assert line.startswith("  # left out") and name in line


def test_other_words_for_fraud_are_declared(tmp_path):
    path = rows(tmp_path, fraud=["theft" if n % 10 == 0 else "legit" for n in range(60)])
    text = proposed_declaration([path])
    assert "# not sure: which values mean fraud" in text
    assert sum(at >= 0 for at in checked(path, declaration=text).reported) == 6


def test_notation_encoding_and_sign_are_declared(tmp_path):
    content = "id;customer;time;amount;fraud\n" + "".join(
        f"A{n};Zoë{n % 9};2026-04-02 08:{n:02}:00;1.{n:03},50 €;{int(n % 10 == 0)}\n" for n in range(60)
    )
    path = text_file(tmp_path / "a.csv", content, "cp1252")
    found = checked(path, declaration=proposed_declaration([path]))
    assert (found.faults, found.decoded["amount"][:2], found.column("customer")[0]) == ([], [100_050, 100_150], "Zoë0")


def test_names_with_dots_are_escaped(tmp_path):
    path = rows(
        tmp_path, **{"fraud": None, "is fraud.": [n % 2 for n in range(60)], "shop no.": ["s1", "s2", "s3"] * 20}
    )
    found = checked(path, declaration=proposed_declaration([path]))
    assert (found.faults, found.column("shop no.")[0], found.unused) == ([], "s1", [])


def test_words_for_nothing_are_declared(tmp_path):
    path = rows(tmp_path, shop_id=["NULL", "s1", "s2"] * 20, balance=["None", "1.5", "2.5"] * 20)
    found = checked(path, declaration=proposed_declaration([path]))
    assert (found.faults, found.column("shop_id")[:2], found.column("balance")[:2]) == ([], [None, "s1"], [None, 1.5])


def test_quotes_of_another_kind_are_declared(tmp_path):
    path = rows(tmp_path, customer=[f"'k{n % 12}'" for n in range(60)])
    found = checked(path, declaration=proposed_declaration([path]))
    assert (found.faults, found.column("customer")[0]) == ([], "k0")


def test_of_1_and_2_the_rarer_is_fraud_and_not_sure(tmp_path):
    path = rows(tmp_path, fraud=[2 if n % 10 == 0 else 1 for n in range(60)])
    text = proposed_declaration([path])
    assert "# not sure: which values mean fraud" in text
    assert sum(at >= 0 for at in checked(path, declaration=text).reported) == 6


def test_times_whose_day_and_month_cannot_be_told_apart_are_not_sure(tmp_path):
    text = proposed_declaration([rows(tmp_path, time=[f"0{1 + n // 30}/04/2026 08:{n:02}" for n in range(60)])])
    assert "not sure: day and month cannot be told apart; or format: '%m/%d/%Y %H:%M'" in text


def test_parquet_with_types_is_taken(tmp_path):
    frame = pd.read_csv(rows(tmp_path)).assign(born=pd.Timestamp("1950-01-01") + pd.to_timedelta(range(60), "D"))
    frame["time"] = pd.to_datetime(frame["time"])
    frame["visits"] = pd.array([None, *range(59)], "Int64")
    frame.to_parquet(tmp_path / "a.parquet")
    text = proposed_declaration([tmp_path / "a.parquet"])
    found = checked(tmp_path / "a.parquet", declaration=text)
    assert (len(found.messages), found.faults) == (60, [])
    assert "born" not in read_declaration(text, "").world.names


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"fraud": None}, "no column whose name says fraud: name it by --label; it has id, customer"),
        ({"fraud": list(range(60)), "label": None}, "no column whose name says fraud"),
        ({"time": ["soon"] * 60}, "no column with a time in every row"),
    ],
)
def test_what_cannot_be_proposed_is_one_line(tmp_path, change, line):
    path = rows(tmp_path, **change)
    with pytest.raises(ConfigurationError, match=line):
        proposed_declaration([path])


def test_the_label_may_be_named(tmp_path):
    path = rows(tmp_path, fraud=None, outcome=[n % 2 for n in range(60)])
    assert proposed(path, label="outcome", name="my cards").header.labels.is_fraud == "outcome"


@settings(max_examples=20, deadline=None)
@given(st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=5, unique=True))
def test_whatever_columns_are_called_the_proposal_is_sound(names):

    frame = pd.DataFrame(
        {
            "id": [f"A{n}" for n in range(6)],
            "time": [f"2026-04-02 08:0{n}:00" for n in range(6)],
            "fraud": [0, 1] * 3,
        }
        | {name: [f"v{n % 3}" for n in range(6)] for name in names if name not in ("id", "time", "fraud")}
    )
    with TemporaryDirectory() as folder:
        frame.to_parquet(Path(folder) / "a.parquet")
        assert proposed(Path(folder) / "a.parquet").world.with_role("time")
