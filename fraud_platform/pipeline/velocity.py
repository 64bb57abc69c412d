"""Rows of velocity: entity events, made over buckets of keys, and counted over buckets of entities."""

from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from fraud_platform.core.features.entity_events import entity_event_type, entity_events_of
from fraud_platform.core.features.velocity import index_of
from fraud_platform.core.time import DAY_MS
from fraud_platform.declared import FEATURE_SET
from fraud_platform.messages.arrow_schemas import DATED_PLACE
from fraud_platform.messages.schemas import MAX_LATENESS_MS
from fraud_platform.pipeline import tables
from fraud_platform.pipeline.customer_features import LOOK_BACK_DAYS as REPEAT_DAYS
from fraud_platform.pipeline.transactions import events_of, in_arrival_order

PLAN = FEATURE_SET.velocity
ENTITY_EVENT_DAYS = -(-(MAX_LATENESS_MS + PLAN.reach_ms) // DAY_MS)
"""Arrival days before a transaction's whose entity events it can ask for."""
LOOK_BACK_DAYS = ENTITY_EVENT_DAYS + REPEAT_DAYS
"""And those that tell whether such an event is a duplicate."""
_EVENT = entity_event_type(PLAN)


def entity_event_rows(transactions: pa.Table, first: date) -> pa.Table:
    """Entity events that transactions from day `first` on can ask for, theirs included.

    Columns: DATED_PLACE, `number` of the entity, fields of an entity event.

    transactions: columns of TRANSACTION, all rows of each of their keys.
    """
    rows = in_arrival_order(transactions)
    arrangement = FEATURE_SET.kernel.arrange(FEATURE_SET.layout.empty, events_of(rows))
    entity_events = entity_events_of(PLAN, arrangement)
    recent = rows["date"].to_numpy() >= np.datetime64(first - timedelta(days=ENTITY_EVENT_DAYS))
    row, number = np.nonzero((entity_events["entity"] != 0) & recent[:, np.newaxis])
    made = rows.select(DATED_PLACE).take(pa.array(row)).append_column("number", pa.array(number))
    chosen = entity_events[row, number]
    for name in _EVENT.names or ():
        made = made.append_column(name, pa.array(np.ascontiguousarray(chosen[name])))
    return made


def velocity_rows(entity_events: pa.Table, first: date) -> pa.Table:
    """Rows of tables.VELOCITY of the transactions from day `first` on.

    entity_events: columns of `entity_event_rows`, all events of each of their entities.
    """
    entity_events = entity_events.sort_by("entity")
    array = np.empty(len(entity_events), _EVENT)
    for name in _EVENT.names or ():
        array[name] = entity_events[name].to_numpy()
    index = index_of(PLAN, array)
    wanted = entity_events["date"].to_numpy() >= np.datetime64(first)
    asked, rows = array[wanted], entity_events.filter(pa.array(wanted))
    counts, number = index.counts(PLAN, asked["entity"], asked["asked_ms"]), rows["number"].to_numpy()
    parts = [tables.VELOCITY.schema.empty_table()]
    for i, entity in enumerate(PLAN.entities):
        own = number == i
        values = pa.table(dict(zip(_features_of(entity), PLAN.values_of(entity, counts[own]).T.copy(), strict=True)))
        part = rows.select(DATED_PLACE).filter(pa.array(own))
        part = part.append_column("entity", pa.repeat(entity, len(part)))
        for name in values.column_names:
            part = part.append_column(name, values[name])
        parts.append(part)
    return pa.concat_tables(parts, promote_options="permissive").select(tables.VELOCITY.schema.names)


def _features_of(entity: str) -> list[str]:
    return [PLAN.declared[i].feature.name for i in PLAN.of_entity(entity)]
