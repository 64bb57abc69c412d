"""Packed tables come back as they were, and days are read once each."""

from datetime import date, timedelta

import pyarrow as pa
import pytest

from fraud_platform.pipeline.bucketed_shuffle import _shuffle, _spans
from fraud_platform.storage.arrow_bytes import pack, unpack

FIRST = date(2026, 1, 1)


@pytest.mark.parametrize(("days", "most"), [(1, 4), (3, 4), (4, 4), (183, 4), (5, 1)])
def test_spans_cover_each_day_once(days, most):
    spans = _spans(FIRST, FIRST + timedelta(days=days - 1), most)
    covered = [first + timedelta(days=n) for first, last in spans for n in range((last - first).days + 1)]
    assert covered == [FIRST + timedelta(days=n) for n in range(days)]
    assert len(spans) == min(days, most)


def read(first: date, last: date) -> pa.Table:
    days = [first + timedelta(days=n) for n in range((last - first).days + 1) for _ in range(20)]
    return pa.table({"date": days, "customer": [f"C{i % 7}" for i in range(len(days))], "i": range(len(days))})


def test_shuffled_rows_are_all_there_and_a_customer_is_in_one_bucket():
    spans = [(FIRST, FIRST + timedelta(days=2)), (FIRST + timedelta(days=3), FIRST + timedelta(days=3))]
    rows = list(_shuffle(read, spans, "customer", 3, iter([pa.record_batch({"id": [0, 1]})])))
    shuffled = [(row["bucket"][0].as_py(), unpack(row["packed"])) for row in rows]
    everything = pa.concat_tables([read(*span) for span in spans])
    order = [("date", "ascending"), ("i", "ascending")]
    assert pa.concat_tables([table for _, table in shuffled]).sort_by(order).equals(everything.sort_by(order))
    customers = {
        (customer, bucket) for bucket, table in shuffled for customer in table["customer"].unique().to_pylist()
    }
    assert len(customers) == 7
    assert {bucket for _, bucket in customers} <= {0, 1, 2}


def test_an_empty_table_keeps_its_schema():
    empty = read(FIRST, FIRST).slice(0, 0)
    assert unpack(pa.array([pack(empty)], pa.binary())).schema == empty.schema
