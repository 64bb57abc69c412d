"""The books add up, and whatever is taken away from them is named with its day and partition."""

import json
from datetime import date, timedelta

import pyarrow as pa
import pytest
from typer.testing import CliRunner

from fraud_platform.cli.main import app
from fraud_platform.local.environment import environment
from fraud_platform.messages.arrow_schemas import LABEL, PREDICTION, RAW, REJECTED, TRANSACTION
from fraud_platform.messages.declared.envelope import DELETION
from fraud_platform.operations.account import account_of_reports, account_of_transactions
from fraud_platform.pipeline import tables
from fraud_platform.pipeline.readings import Reading, write_readings
from fraud_platform.settings import Settings
from fraud_platform.storage.lake import Lake

FIRST = date(2026, 5, 1)
LAST = FIRST + timedelta(days=1)
PLACES = [(day, partition, offset + 10 * day) for day in (0, 1) for partition in (0, 1) for offset in range(10)]
"""Ten offsets of two partitions on two days. The last offset of each is a marker, the one before it is rejected, and
the third is a duplicate."""
MESSAGES = [place for place in PLACES if place[2] % 10 != 9]
REJECTIONS = [place for place in MESSAGES if place[2] % 10 == 8]
ACCEPTED = [place for place in MESSAGES if place[2] % 10 != 8]
FEATURED = [place for place in ACCEPTED if place[2] % 10 != 2]
PREDICTED = FEATURED[3:-2]


def rows(schema: pa.Schema, places: list[tuple[int, int, int]], **columns: list) -> pa.Table:
    known = {
        "date": [FIRST + timedelta(days=day) for day, _, _ in places],
        "kafka_partition": [partition for _, partition, _ in places],
        "kafka_offset": [offset for _, _, offset in places],
        **columns,
    }
    arrays = [pa.array(known[f.name], f.type) if f.name in known else pa.nulls(len(places), f.type) for f in schema]
    return pa.Table.from_arrays(arrays, schema=schema)


FEATURES = pa.schema([*(TRANSACTION.field(name) for name in ("date", "kafka_partition", "kafka_offset"))])
FEATURES = FEATURES.append(pa.field("transaction_id", pa.string()))


def ids(places: list[tuple[int, int, int]]) -> list[str]:
    """The third transaction of each day and partition has the id of the second."""
    return [f"{partition}-{offset - (offset % 10 == 2)}" for _, partition, offset in places]


def fill(settings: Settings, **less: list[tuple[int, int, int]]) -> Lake:
    """A lake whose tables lack some places."""

    def left(table: str, places: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
        return [place for place in places if place not in less.get(table, [])]

    lake, topic = Lake(settings), settings.kafka_topic
    raw, accepted = left("raw", MESSAGES), left("transactions", ACCEPTED)
    featured, predicted = left("features", FEATURED), left("predictions", PREDICTED)
    rejected = left("rejected", REJECTIONS)
    lake.replace_days(tables.RAW_TRANSACTIONS, rows(RAW, raw), FIRST, LAST)
    lake.replace_days(tables.TRANSACTIONS, rows(TRANSACTION, accepted, transaction_id=ids(accepted)), FIRST, LAST)
    lake.replace_days(tables.REJECTIONS, rows(REJECTED, rejected, topic=[topic] * len(rejected)), FIRST, LAST)
    lake.replace_days(tables.FEATURES, rows(FEATURES, featured, transaction_id=ids(featured)), FIRST, LAST)
    source = {"source_partition": [p for _, p, _ in predicted], "source_offset": [o for _, _, o in predicted]}
    made = [(1, 0, n) for n in range(len(predicted))]
    lake.replace_days(tables.PREDICTIONS, rows(PREDICTION, made, **source), FIRST, LAST)
    never = less.get("read", [])
    readings = []
    for day, partition in ((0, 0), (0, 1), (1, 0), (1, 1)):
        first, end = 10 * day, 10 * day + 10
        begun = first + ((day, partition, first) in never)
        readings.append(Reading("id", FIRST + timedelta(days=day), partition, first, end, [(begun, end)], 9))
    write_readings(lake, topic, readings)
    return lake


def test_a_deletion_balances_without_a_letter(make_settings):
    settings = make_settings()
    lake, (first, *others) = fill(settings), REJECTIONS
    columns = {"topic": [settings.kafka_topic] * 4, "reason": [DELETION, "bad", "bad", "bad"]}
    lake.replace_days(tables.REJECTIONS, rows(REJECTED, [first, *others], **columns), FIRST, LAST)
    letters = [(partition, offset) for _, partition, offset in others]
    account = account_of_transactions(settings, lake, letters=letters)
    assert account.balances, account.gaps
    assert account.books[["rejected", "deletions", "letters"]].sum().tolist() == [3, 1, 3]


def test_books_of_whole_tables_balance(make_settings):
    settings = make_settings()
    letters = [(partition, offset) for _, partition, offset in REJECTIONS]
    account = account_of_transactions(settings, fill(settings), letters=letters)
    assert account.balances, account.gaps
    assert len(account.books) == 4
    totals = account.books.sum().to_dict()
    assert totals == {
        "offsets": 40,
        "never_read": 0,
        "without_message": 4,
        "noted": 36,
        "messages": 36,
        "accepted": 32,
        "rejected": 4,
        "deletions": 0,
        "features": 28,
        "duplicates": 4,
        "predictions": 23,
        "letters": 4,
    }


@pytest.mark.parametrize(
    ("table", "place", "gap"),
    [
        ("read", (0, 1, 0), "2026-05-01, partition 1: offsets 0 to 0 were deleted before they were read"),
        ("raw", (1, 0, 15), "2026-05-02, partition 0: 8 raw rows, and 9 were written"),
        ("transactions", (1, 0, 15), "2026-05-02, partition 0: 9 messages, and 8 in transactions and rejected"),
        ("rejected", (0, 1, 8), "2026-05-01, partition 1: 9 messages, and 8 in transactions and rejected"),
        ("features", (0, 1, 5), "2026-05-01, partition 1: 1 transactions have no features"),
        ("predictions", (0, 1, 5), "2026-05-01, partition 1: 1 transactions have no prediction in serving/predictions"),
    ],
)
def test_what_is_missing_is_named(make_settings, table, place, gap):
    settings = make_settings()
    account = account_of_transactions(settings, fill(settings, **{table: [place]}))
    assert not account.balances
    assert any(gap in found for found in account.gaps), account.gaps


@pytest.mark.parametrize(
    ("letters", "gap"),
    [
        ([(0, 8), (0, 28)], "2026-05-02, partition 0: 1 rejected messages have no dead letter"),
        ([(0, 8), (0, 8)], "1 dead letters are there twice"),
    ],
    ids=["lost", "doubled"],
)
def test_dead_letters_are_counted(make_settings, letters, gap):
    settings = make_settings()
    assert list(account_of_transactions(settings, fill(settings), letters=letters).gaps) == [gap]


def test_no_letters_at_all_are_counted_as_none(make_settings):
    settings = make_settings()
    lake = fill(settings)
    assert account_of_transactions(settings, lake, letters=[]).books["letters"].tolist() == [0, 0, 0, 0]
    assert "letters" not in account_of_transactions(settings, lake).books


def test_days_without_features_are_not_done_yet(make_settings):
    settings = make_settings()
    lake = fill(settings, features=[place for place in FEATURED if place[0] == 1])
    account = account_of_transactions(settings, lake)
    assert account.balances and list(account.pending) == ["2026-05-02: no features of 16 transactions yet"]


def test_nothing_that_was_read_does_not_balance(make_settings):
    settings = make_settings()
    assert not account_of_transactions(settings, Lake(settings)).balances


def test_reports_have_books_of_their_own(make_settings):
    settings = make_settings()
    lake, topic = Lake(settings), settings.kafka_labels_topic
    places = [(0, 0, n) for n in range(3)]
    lake.replace_days(tables.RAW_LABELS, rows(RAW, places), FIRST, FIRST)
    lake.replace_days(tables.LABELS, rows(LABEL, places[:2]), FIRST, FIRST)
    write_readings(lake, topic, [Reading("id", FIRST, 0, 0, 3, [(0, 3)], 3)])
    account = account_of_reports(settings, lake)
    assert list(account.gaps) == ["2026-05-01, partition 0: 3 messages, and 2 in labels and rejected"]


def test_the_command_names_gaps_and_says_so_by_its_exit_code(make_settings, monkeypatch):
    settings = make_settings()
    for name, value in environment(settings).items():
        monkeypatch.setenv(name, value)
    fill(settings, features=[(0, 1, 5)])
    told = CliRunner().invoke(app, ["account", "--no-letters", "--by-partition"])
    assert told.exit_code == 1
    assert "missing: 2026-05-01, partition 1: 1 transactions have no features" in told.stdout
    fill(settings)
    told = CliRunner().invoke(app, ["account", "--no-letters", "--json"])
    books, reports = json.loads(told.stdout)
    assert told.exit_code == 0 and books["balances"] and not reports["lines"]
    assert books["total"]["messages"] == 36
