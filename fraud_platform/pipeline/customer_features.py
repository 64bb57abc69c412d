"""Rows of transaction_features: entities looked up, then the kernel over buckets of keys."""

from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fraud_platform.core.arrays import Floats
from fraud_platform.core.features.feature_set import default_rows
from fraud_platform.core.features.matured_lookup import MaturedLookup, lookup_columns, no_matured
from fraud_platform.core.features.windows import Int
from fraud_platform.core.time import DAY_MS
from fraud_platform.declared import FEATURE_SET
from fraud_platform.errors import LakeError
from fraud_platform.messages.arrow_schemas import DATED_PLACE, PLACE, TRANSACTION
from fraud_platform.messages.declared.arrow import encoded
from fraud_platform.messages.schemas import MAX_CLOCK_SKEW_MS, MAX_LATENESS_MS
from fraud_platform.pipeline import tables
from fraud_platform.pipeline.transactions import events_of, in_arrival_order
from fraud_platform.storage.lake import Lake

LOOK_BACK_DAYS = FEATURE_SET.history_days + -(-2 * (MAX_LATENESS_MS + MAX_CLOCK_SKEW_MS) // DAY_MS)
"""Arrival days that the kernel reads before the first one asked for.

A transaction's clock may lie MAX_LATENESS_MS before its arrival, and its windows reach
the declared history back from there. Whether a transaction in them is a repeat shows in an
original that arrived at most MAX_LATENESS_MS earlier, since a later repeat is rejected.
Clocks run ahead of arrivals by MAX_CLOCK_SKEW_MS at most.
"""
_IDENTITY = {
    "transaction_id": FEATURE_SET.transaction,
    "customer_id": FEATURE_SET.key,
    "event_time_ms": FEATURE_SET.time,
}
_LOOKED_UP = (*FEATURE_SET.matured_features, *FEATURE_SET.velocity.declared)
_LOOKED_UP_COLUMNS = [f"looked up: {one.feature.name}" for one in _LOOKED_UP]
"""Of rows on their way to the kernel, beside the declared fields, which may have the names of features."""


def transactions_with_tables(lake: Lake, first: date, from_day: date, to_day: date) -> pa.Table:
    """Columns of TRANSACTION and _LOOKED_UP_COLUMNS of the transactions of some days.

    All tables are partitioned by day, so these joins need no shuffle. Days before `first`
    are history, whose entities nobody asks for: they have the defaults.
    """
    transactions = lake.read(tables.TRANSACTIONS, TRANSACTION.names, from_day, to_day).combine_chunks()
    matured = no_matured(FEATURE_SET, len(transactions))
    velocity = default_rows(FEATURE_SET.velocity.declared, len(transactions))
    if to_day >= first:
        days = (max(first, from_day), to_day)
        if FEATURE_SET.matured:
            _look_up_matured(matured, transactions, lake.read(tables.MERCHANT_RISK, None, *days))
        if FEATURE_SET.velocity.entities:
            _look_up_velocity(velocity, transactions, lake.read(tables.VELOCITY, None, *days))
    for name, column in zip(_LOOKED_UP_COLUMNS, np.hstack((matured, velocity)).T, strict=True):
        transactions = transactions.append_column(name, pa.array(np.ascontiguousarray(column)))
    return transactions


def _look_up_matured(values: Floats, transactions: pa.Table, table: pa.Table) -> None:
    columns = {name: transactions[name].to_pandas().to_numpy(object) for name in lookup_columns(FEATURE_SET)}
    dates = transactions["date"].to_numpy()
    for day in pc.unique(table["date"]):
        rows = np.flatnonzero(dates == np.datetime64(day.as_py()))
        lookup = MaturedLookup(FEATURE_SET, table.filter(pc.equal(table["date"], day)))
        if lookup.lacking:
            raise _outdated("merchant_risk", f"rows without {', '.join(lookup.lacking)}")
        values[rows] = lookup.lookup({name: column[rows] for name, column in columns.items()})


def _look_up_velocity(values: Floats, transactions: pa.Table, velocity: pa.Table) -> None:
    plan = FEATURE_SET.velocity
    places = _places(transactions)
    order = np.argsort(places)
    if others := set(pc.unique(velocity["entity"]).to_pylist()) - set(plan.entities):
        raise _outdated("velocity", f"rows of {', '.join(sorted(others))}")
    for entity in plan.entities:
        known = velocity.filter(pc.equal(velocity["entity"], entity))
        row = order[np.searchsorted(places, _places(known), sorter=order)]
        for i in plan.of_entity(entity):
            name = plan.declared[i].feature.name
            if len(known) and (name not in known.schema.names or known[name].null_count):
                raise _outdated("velocity", f"rows without {name}")
            if len(known):
                values[row, i] = known[name].to_numpy()


def _outdated(table: str, what: str) -> LakeError:
    """Looked up, values of another declaration or release would be none, and nobody would hear of it."""
    return LakeError(
        f"features/{table} has {what} for these days, which another release or declaration wrote: "
        f"materialise {table} for them again"
    )


def _places(rows: pa.Table) -> Int:
    """Kafka partition and offset of each row as one number."""
    partition, offset = (rows[name].to_numpy().astype(np.int64) for name in PLACE)
    return (partition << 48) | offset


def feature_rows(transactions: pa.Table, first: date) -> pa.Table:
    """Rows of tables.FEATURES, of the transactions from day `first` on, duplicates left out.

    transactions: rows of `transactions_with_tables`, all of each of their keys.
    """
    transactions = in_arrival_order(transactions)
    result = FEATURE_SET.kernel.features(FEATURE_SET.layout.empty, events_of(transactions))
    wanted = (transactions["date"].to_numpy() >= np.datetime64(first)) & ~result.duplicate
    chosen = transactions.filter(pa.array(wanted))
    looked_up = np.empty((len(chosen), len(_LOOKED_UP)))
    for i, name in enumerate(_LOOKED_UP_COLUMNS):
        looked_up[:, i] = chosen[name].to_numpy()
    matured, velocity = np.split(looked_up, [len(FEATURE_SET.matured_features)], axis=1)
    values = FEATURE_SET.joined(result.values[wanted], matured, velocity)
    columns = {name: chosen[name] for name in DATED_PLACE}
    columns |= {column: chosen[field] for column, field in _IDENTITY.items()}
    columns |= dict(zip(FEATURE_SET.names, values.T.copy(), strict=True))
    columns |= {"feature_set": pa.repeat(FEATURE_SET.hash, len(chosen))}
    if tables.AMOUNT not in columns:
        columns[tables.AMOUNT] = _amounts(chosen)
    return pa.table({name: columns[name] for name in tables.FEATURES.schema.names}).cast(tables.FEATURES.schema)


def _amounts(rows: pa.Table) -> pa.ChunkedArray | pa.Array:
    """The money of each transaction; 0 in a world that has none."""
    if FEATURE_SET.amount is None:
        return pa.repeat(0.0, len(rows))
    field = FEATURE_SET.world.field(FEATURE_SET.amount)
    # Arrow's own cast of a decimal gives a double beside the nearest one.
    return pa.array(field.as_floats(encoded(field, rows[field.name])), from_pandas=True)
