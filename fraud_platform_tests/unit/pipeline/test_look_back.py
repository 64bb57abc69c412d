"""The look-back is long enough: days computed from it equal the days computed from all history."""

from datetime import date, timedelta

import pyarrow as pa
import pyarrow.compute as pc
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fraud_platform.core.time import DAY_MS
from fraud_platform.messages.arrow_schemas import TRANSACTION
from fraud_platform.messages.schemas import MAX_CLOCK_SKEW_MS, MAX_LATENESS_MS
from fraud_platform.pipeline import customer_features as customers
from fraud_platform.pipeline import velocity

EPOCH = date(1970, 1, 1)
START_MS = 20_000 * DAY_MS

event = st.tuples(
    st.sampled_from([0, 60_000, DAY_MS, 5 * DAY_MS, 7 * DAY_MS, 8 * DAY_MS, 22 * DAY_MS, 30 * DAY_MS]),  # since last
    st.sampled_from([0, 0, -MAX_CLOCK_SKEW_MS, MAX_LATENESS_MS, DAY_MS]),  # age at arrival
    st.sampled_from([None, None, 0, 60_000, 6 * DAY_MS]),  # sent again after
    st.sampled_from([1.0, 99.5]),
)


def arrivals(events) -> pa.Table:
    rows, now = [], START_MS
    for i, (gap, age, again, amount) in enumerate(events):
        now += gap
        row = {"transaction_id": f"T{i}", "event_time_ms": now - age, "amount": amount}
        rows.append((now, row))
        if again is not None and age + again <= MAX_LATENESS_MS:
            rows.append((now + again, row))
    rows.sort(key=lambda row: row[0])
    empty = dict.fromkeys(("device_id", "latitude", "longitude", "country", "channel"))
    table = pa.Table.from_pylist(
        [
            {"date": EPOCH + timedelta(days=at // DAY_MS), "kafka_partition": 0, "kafka_offset": i}
            | {"kafka_timestamp_ms": at, "customer_id": "C", "merchant_id": "M"}
            | row
            | empty
            | dict.fromkeys(customers._LOOKED_UP_COLUMNS, 0.0)
            for i, (at, row) in enumerate(rows)
        ]
    )
    return table.select([*TRANSACTION.names, *customers._LOOKED_UP_COLUMNS])


# A late transaction whose window opens on a repeat, whose original arrived 44 days before.
REPEAT_AT_THE_EDGE = [
    (0, 0, 7 * DAY_MS, 1.0),
    (7 * DAY_MS - 60_000, 0, None, 1.0),
    (37 * DAY_MS - 60_000, MAX_LATENESS_MS, None, 1.0),
]


@example(REPEAT_AT_THE_EDGE)
@settings(max_examples=200, deadline=None)
@given(st.lists(event, min_size=2, max_size=30))
def test_the_last_days_need_no_more_than_the_look_back(events):
    everything = arrivals(events)
    first = everything["date"][-1].as_py()
    within = everything.filter(pc.greater_equal(everything["date"], first - timedelta(days=customers.LOOK_BACK_DAYS)))
    assert customers.feature_rows(within, first).equals(customers.feature_rows(everything, first))


@settings(max_examples=200, deadline=None)
@given(st.lists(event, min_size=2, max_size=30))
def test_velocity_needs_no_more_than_its_look_back(events):
    everything = arrivals(events)
    first = everything["date"][-1].as_py()
    within = everything.filter(pc.greater_equal(everything["date"], first - timedelta(days=velocity.LOOK_BACK_DAYS)))
    expected = velocity.velocity_rows(velocity.entity_event_rows(everything, first - timedelta(days=10_000)), first)
    found = velocity.velocity_rows(velocity.entity_event_rows(within, first), first)
    order = [(name, "ascending") for name in ("date", "kafka_partition", "kafka_offset")]
    assert found.sort_by(order).equals(expected.sort_by(order))
