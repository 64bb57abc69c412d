"""Rows of transaction_features: merchants and devices looked up, then the kernel over buckets of customers."""

from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fraud_platform.core.arrays import Floats
from fraud_platform.core.features.declaration import HISTORY_DAYS
from fraud_platform.core.features.entity_events import ENTITIES
from fraud_platform.core.features.merchant_risk import MerchantRisk
from fraud_platform.core.features.table import (
    CUSTOMER_FEATURES,
    KERNEL,
    LAYOUT,
    MERCHANT_FEATURES,
    VELOCITY_FEATURES,
    feature_set_hash,
)
from fraud_platform.core.features.velocity import VELOCITY_NAMES
from fraud_platform.core.features.windows import Int
from fraud_platform.core.time import DAY_MS
from fraud_platform.messages.arrow_schemas import DATED_PLACE, PLACE, TRANSACTION
from fraud_platform.messages.schemas import MAX_CLOCK_SKEW_MS, MAX_LATENESS_MS
from fraud_platform.pipeline import tables
from fraud_platform.pipeline.transactions import events_of, in_arrival_order
from fraud_platform.storage.lake import Lake

LOOK_BACK_DAYS = HISTORY_DAYS + -(-2 * (MAX_LATENESS_MS + MAX_CLOCK_SKEW_MS) // DAY_MS)
"""Arrival days that the kernel reads before the first one asked for.

A transaction's clock may lie MAX_LATENESS_MS before its arrival, and its windows reach
HISTORY_DAYS back from there. Whether a transaction in them is a repeat shows in an
original that arrived at most MAX_LATENESS_MS earlier, since a later repeat is rejected.
Clocks run ahead of arrivals by MAX_CLOCK_SKEW_MS at most.
"""
IDENTIFIERS = [
    *DATED_PLACE,
    "transaction_id",
    "customer_id",
    "merchant_id",
    "event_time_ms",
]
LOOKED_UP = [f.name for f in MERCHANT_FEATURES + VELOCITY_FEATURES]


def transactions_with_tables(lake: Lake, first: date, from_day: date, to_day: date) -> pa.Table:
    """Columns of TRANSACTION and LOOKED_UP of the transactions of some days.

    All tables are partitioned by day, so these joins need no shuffle. Days before `first`
    are history, whose merchants and devices nobody asks for: they have the defaults.
    """
    transactions = lake.read(tables.TRANSACTIONS, TRANSACTION.names, from_day, to_day).combine_chunks()
    values = np.tile([f.default for f in MERCHANT_FEATURES + VELOCITY_FEATURES], (len(transactions), 1))
    if to_day >= first:
        risk, velocity = np.split(values, [len(MERCHANT_FEATURES)], axis=1)
        days = (max(first, from_day), to_day)
        _look_up_risk(risk, transactions, lake.read(tables.MERCHANT_RISK, None, *days))
        _look_up_velocity(velocity, transactions, lake.read(tables.VELOCITY, None, *days))
    for name, column in zip(LOOKED_UP, values.T, strict=True):
        transactions = transactions.append_column(name, pa.array(np.ascontiguousarray(column)))
    return transactions


def _look_up_risk(values: Floats, transactions: pa.Table, risk: pa.Table) -> None:
    merchants, dates = transactions["merchant_id"].to_pandas().to_numpy(object), transactions["date"].to_numpy()
    for day in pc.unique(risk["date"]):
        rows = np.flatnonzero(dates == np.datetime64(day.as_py()))
        values[rows] = MerchantRisk(risk.filter(pc.equal(risk["date"], day))).lookup(merchants[rows])


def _look_up_velocity(values: Floats, transactions: pa.Table, velocity: pa.Table) -> None:
    places = _places(transactions)
    order = np.argsort(places)
    for entity, columns in zip(ENTITIES, np.split(values, len(ENTITIES), axis=1), strict=True):
        known = velocity.filter(pc.equal(velocity["entity"], entity))
        row = order[np.searchsorted(places, _places(known), sorter=order)]
        columns[row] = np.column_stack([known[name].to_numpy() for name in VELOCITY_NAMES])


def _places(rows: pa.Table) -> Int:
    """Kafka partition and offset of each row as one number."""
    partition, offset = (rows[name].to_numpy().astype(np.int64) for name in PLACE)
    return (partition << 48) | offset


def feature_rows(transactions: pa.Table, first: date) -> pa.Table:
    """Rows of tables.FEATURES, of the transactions from day `first` on, duplicates left out.

    transactions: rows of `transactions_with_tables`, all of each of their customers.
    """
    transactions = in_arrival_order(transactions)
    result = KERNEL.features(LAYOUT.empty, events_of(transactions))
    wanted = (transactions["date"].to_numpy() >= np.datetime64(first)) & ~result.duplicate
    rows = transactions.select([*IDENTIFIERS, *LOOKED_UP]).filter(pa.array(wanted))
    for feature, values in zip(CUSTOMER_FEATURES, result.values[wanted].T, strict=True):
        rows = rows.append_column(feature.name, pa.array(np.ascontiguousarray(values)))
    rows = rows.append_column("feature_set", pa.repeat(feature_set_hash(), len(rows)))
    return rows.select(tables.FEATURES.schema.names).cast(tables.FEATURES.schema)
