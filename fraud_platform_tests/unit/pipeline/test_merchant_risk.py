"""Merchants' risk by reports that name a customer, that do not, and on ids that two customers have."""

from datetime import date, timedelta

import pyarrow as pa
import pytest

from fraud_platform.core.time import day_start_ms
from fraud_platform.pipeline.merchant_risk import PAIR_COLUMNS, TRANSACTION_COLUMNS, reported, risk_of_entities
from fraud_platform.pipeline.transactions import REPORT_SCHEMA

FIRST = date(2026, 3, 1)
DELAY_DAYS = 2


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def rows(transactions: list[tuple], reports: list[tuple]) -> pa.Table:
    """Transactions (day, id, customer, merchant), then reports (day, id, customer or None)."""
    schema = pa.schema([*REPORT_SCHEMA, ("field: merchant_id", pa.string()), ("field: amount", pa.float64())])
    made = [
        {"date": day(at), "transaction_id": name, "customer_id": owner}
        | {"field: merchant_id": merchant, "field: amount": 1.0}
        for at, name, owner, merchant in transactions
    ]
    told = [
        {"date": day(at), "transaction_id": name, "customer_id": key, "is_fraud": True, "reported_at_ms": at_ms(at)}
        for at, name, key in reports
    ]
    placed = [row | {"kafka_partition": 0, "kafka_offset": n} for part in (made, told) for n, row in enumerate(part)]
    return pa.Table.from_pylist(placed, schema=schema)


def at_ms(number: int) -> int:
    return day_start_ms(day(number))


def shares(table: pa.Table, first: int, last: int) -> tuple[dict[tuple[str, int], float], int]:
    """Merchant and as-of day → share of fraud in 30 days; and how many reports are ambiguous."""
    ambiguous: list[int] = []
    joined = reported(table, ambiguous.append)
    risk = risk_of_entities(joined, day(first), day(last), DELAY_DAYS)
    made = {(r["value"], (r["date"] - FIRST).days): r["merchant_risk_30d"] for r in risk.to_pylist()}
    return made, sum(ambiguous)


def test_the_columns_are_those_that_are_read():
    assert set(TRANSACTION_COLUMNS) <= set(rows([], []).column_names)
    assert set(PAIR_COLUMNS) <= set(reported(rows([], [])).column_names)


def test_a_report_counts_for_the_customer_that_it_names():
    table = rows([(0, "t", "a", "of a"), (0, "t", "b", "of b")], [(1, "t", "b")])
    found, ambiguous = shares(table, 3, 3)
    assert (found, ambiguous) == ({("of a", 3): 0.0, ("of b", 3): 1.0}, 0)


def test_a_report_that_names_nobody_counts_where_one_customer_has_the_id():
    found, ambiguous = shares(rows([(0, "t", "a", "m"), (0, "u", "b", "m")], [(1, "t", None)]), 3, 3)
    assert (found, ambiguous) == ({("m", 3): 0.5}, 0)


def test_it_counts_until_a_second_customer_has_the_id_and_never_for_that_one():
    table = rows([(0, "t", "a", "of a"), (6, "t", "b", "of b")], [(1, "t", None)])
    found, ambiguous = shares(table, 3, 10)
    # as of day 9 the transaction of day 6 is two days old
    assert [found["of a", at] for at in (3, 8, 9, 10)] == [1.0, 1.0, 0.0, 0.0]
    assert [found["of b", at] for at in (9, 10)] == [0.0, 0.0]
    assert ambiguous == 1


@pytest.mark.parametrize("as_of", [3, 8, 9, 10, 20])
def test_a_day_does_not_depend_on_what_arrived_after_it(as_of):
    transactions = [(0, "t", "a", "of a"), (6, "t", "b", "of b"), (12, "t", "c", "of c")]
    seen = [made for made in transactions if made[0] < as_of - DELAY_DAYS]
    alone, _ = shares(rows(seen, [(1, "t", None)]), as_of, as_of)
    whole, _ = shares(rows(transactions, [(1, "t", None)]), 0, 40)
    assert alone == {key: share for key, share in whole.items() if key[1] == as_of}
