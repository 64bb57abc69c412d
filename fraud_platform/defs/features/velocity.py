"""Rows of velocity: visits made over buckets of customers, then counted over buckets of merchants and devices."""

from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from fraud_platform.core.features.events import NO_EVENTS
from fraud_platform.core.features.kernel import arrange
from fraud_platform.core.features.velocity import REACH_MS, VELOCITY_NAMES, index_of, velocities
from fraud_platform.core.features.visits import ENTITIES, VISIT, customer_visits
from fraud_platform.core.time import DAY_MS
from fraud_platform.defs.features.customers import LOOK_BACK_DAYS as REPEAT_DAYS
from fraud_platform.schemas import MAX_LATENESS_MS
from fraud_platform.storage.topic_days import DATED_PLACE
from fraud_platform.storage.transactions import events_of, in_arrival_order

VISIT_DAYS = -(-(MAX_LATENESS_MS + REACH_MS) // DAY_MS)
"""Arrival days before a transaction's whose visits it can ask for."""
LOOK_BACK_DAYS = VISIT_DAYS + REPEAT_DAYS
"""And those that tell whether such a visit is a duplicate."""

ROWS = pa.schema(
    [
        ("date", pa.date32()),
        ("kafka_partition", pa.int32()),
        ("kafka_offset", pa.int64()),
        ("entity", pa.string()),
        *((name, pa.float64()) for name in VELOCITY_NAMES),
    ]
)
"""One row for each transaction and entity of ENTITIES that it names, duplicates left out."""


def visit_rows(transactions: pa.Table, first: date) -> pa.Table:
    """Visits that transactions from day `first` on can ask for, theirs included: DATED_PLACE, `kind`, fields of VISIT.

    transactions: columns of EVENT_SCHEMA, all rows of each of their customers.
    """
    rows = in_arrival_order(transactions)
    visits = customer_visits(arrange(NO_EVENTS, events_of(rows)))
    recent = rows["date"].to_numpy() >= np.datetime64(first - timedelta(days=VISIT_DAYS))
    row, kind = np.nonzero((visits["entity"] != 0) & recent[:, np.newaxis])
    made = rows.select(DATED_PLACE).take(pa.array(row)).append_column("kind", pa.array(kind))
    chosen = visits[row, kind]
    for name in VISIT.names or ():
        made = made.append_column(name, pa.array(np.ascontiguousarray(chosen[name])))
    return made


def velocity_rows(visits: pa.Table, first: date) -> pa.Table:
    """ROWS of the transactions from day `first` on, from all visits of some entities (columns of `visit_rows`)."""
    visits = visits.sort_by("entity")
    array = np.empty(len(visits), VISIT)
    for name in VISIT.names or ():
        array[name] = visits[name].to_numpy()
    index = index_of(array)
    wanted = visits["date"].to_numpy() >= np.datetime64(first)
    asked = array[wanted]
    values = velocities(index.counts(asked["entity"], asked["asked_ms"]))
    rows = visits.filter(pa.array(wanted))
    entity = pa.array(ENTITIES).take(rows["kind"])
    columns = [*(rows[name] for name in DATED_PLACE), entity, *(pa.array(column) for column in values.T.copy())]
    return pa.table(columns, ROWS.names).cast(ROWS)
