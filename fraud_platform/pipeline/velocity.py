"""Rows of velocity: entity events, made over buckets of customers, and counted over buckets of entities."""

from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from fraud_platform.core.features.entity_events import ENTITIES, ENTITY_EVENT, entity_events_of
from fraud_platform.core.features.table import KERNEL, LAYOUT
from fraud_platform.core.features.velocity import REACH_MS, index_of, velocities
from fraud_platform.core.time import DAY_MS
from fraud_platform.messages.arrow_schemas import DATED_PLACE
from fraud_platform.messages.schemas import MAX_LATENESS_MS
from fraud_platform.pipeline import tables
from fraud_platform.pipeline.customer_features import LOOK_BACK_DAYS as REPEAT_DAYS
from fraud_platform.pipeline.transactions import events_of, in_arrival_order

ENTITY_EVENT_DAYS = -(-(MAX_LATENESS_MS + REACH_MS) // DAY_MS)
"""Arrival days before a transaction's whose entity events it can ask for."""
LOOK_BACK_DAYS = ENTITY_EVENT_DAYS + REPEAT_DAYS
"""And those that tell whether such an event is a duplicate."""


def entity_event_rows(transactions: pa.Table, first: date) -> pa.Table:
    """Entity events that transactions from day `first` on can ask for, theirs included.

    Columns: DATED_PLACE, `kind`, fields of ENTITY_EVENT.

    transactions: columns of TRANSACTION, all rows of each of their customers.
    """
    rows = in_arrival_order(transactions)
    entity_events = entity_events_of(KERNEL.arrange(LAYOUT.empty, events_of(rows)))
    recent = rows["date"].to_numpy() >= np.datetime64(first - timedelta(days=ENTITY_EVENT_DAYS))
    row, kind = np.nonzero((entity_events["entity"] != 0) & recent[:, np.newaxis])
    made = rows.select(DATED_PLACE).take(pa.array(row)).append_column("kind", pa.array(kind))
    chosen = entity_events[row, kind]
    for name in ENTITY_EVENT.names or ():
        made = made.append_column(name, pa.array(np.ascontiguousarray(chosen[name])))
    return made


def velocity_rows(entity_events: pa.Table, first: date) -> pa.Table:
    """Rows of tables.VELOCITY of the transactions from day `first` on.

    entity_events: columns of `entity_event_rows`, all events of each of their entities.
    """
    entity_events = entity_events.sort_by("entity")
    array = np.empty(len(entity_events), ENTITY_EVENT)
    for name in ENTITY_EVENT.names or ():
        array[name] = entity_events[name].to_numpy()
    index = index_of(array)
    wanted = entity_events["date"].to_numpy() >= np.datetime64(first)
    asked = array[wanted]
    values = velocities(index.counts(asked["entity"], asked["asked_ms"]))
    rows = entity_events.filter(pa.array(wanted))
    entity = pa.array(ENTITIES).take(rows["kind"])
    columns = [*(rows[name] for name in DATED_PLACE), entity, *(pa.array(column) for column in values.T.copy())]
    return pa.table(columns, tables.VELOCITY.schema.names).cast(tables.VELOCITY.schema)
