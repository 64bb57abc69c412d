"""Rows of transaction_features: merchants' values looked up day by day, then the kernel over buckets of customers."""

from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fraud_platform.core.features.declaration import DAY_MS, HISTORY_DAYS
from fraud_platform.core.features.events import COLUMNS, NO_EVENTS, events_from_columns
from fraud_platform.core.features.kernel import customer_features
from fraud_platform.core.features.merchant_risk import MerchantRisk
from fraud_platform.core.features.table import CUSTOMER_FEATURES, FEATURES, MERCHANT_FEATURES, feature_set_hash
from fraud_platform.schemas import MAX_CLOCK_SKEW_MS, MAX_LATENESS_MS
from fraud_platform.storage.lake import Lake

LOOK_BACK_DAYS = HISTORY_DAYS + -(-2 * (MAX_LATENESS_MS + MAX_CLOCK_SKEW_MS) // DAY_MS)
"""Arrival days that the kernel reads before the first one asked for.

A transaction's clock may lie MAX_LATENESS_MS before its arrival, and its windows reach
HISTORY_DAYS back from there. Whether a transaction in them is a repeat shows in an
original that arrived at most MAX_LATENESS_MS earlier, since a later repeat is rejected.
Clocks run ahead of arrivals by MAX_CLOCK_SKEW_MS at most.
"""
IDENTIFIERS = [
    "date",
    "kafka_partition",
    "kafka_offset",
    "transaction_id",
    "customer_id",
    "merchant_id",
    "event_time_ms",
]
READ_COLUMNS = list(dict.fromkeys([*IDENTIFIERS, *COLUMNS]))
MERCHANT_NAMES = [f.name for f in MERCHANT_FEATURES]

ROWS = pa.schema(
    [
        ("date", pa.date32()),
        ("kafka_partition", pa.int32()),
        ("kafka_offset", pa.int64()),
        ("transaction_id", pa.string()),
        ("customer_id", pa.string()),
        ("merchant_id", pa.string()),
        ("event_time_ms", pa.int64()),
        *((f.name, pa.float64()) for f in FEATURES),
        ("feature_set", pa.string()),
    ]
)


def transactions_with_risk(lake: Lake, first: date, from_day: date, to_day: date) -> pa.Table:
    """READ_COLUMNS and MERCHANT_NAMES of the transactions of some days.

    Both tables are partitioned by day, so this join needs no shuffle. Days before `first`
    are history, whose merchants nobody asks for: they have the defaults.
    """
    transactions = lake.read("raw/transactions", READ_COLUMNS, from_day, to_day).combine_chunks()
    values = np.tile([f.default for f in MERCHANT_FEATURES], (len(transactions), 1))
    if to_day >= first:
        risk = lake.read(
            "features/merchant_risk", ["date", "merchant_id", *MERCHANT_NAMES], max(first, from_day), to_day
        )
        merchants, dates = transactions["merchant_id"].to_pandas().to_numpy(object), transactions["date"].to_numpy()
        for day in pc.unique(risk["date"]):
            rows = np.flatnonzero(dates == np.datetime64(day.as_py()))
            values[rows] = MerchantRisk(risk.filter(pc.equal(risk["date"], day))).lookup(merchants[rows])
    for name, column in zip(MERCHANT_NAMES, values.T, strict=True):
        transactions = transactions.append_column(name, pa.array(np.ascontiguousarray(column)))
    return transactions


def feature_rows(transactions: pa.Table, first: date) -> pa.Table:
    """ROWS of the transactions from day `first` on, duplicates left out.

    transactions: rows of `transactions_with_risk`, all of each of their customers.
    """
    # By day first: when a topic gets new partitions, customers move to other ones.
    transactions = transactions.sort_by([(name, "ascending") for name in ("date", "kafka_partition", "kafka_offset")])
    columns = {name: transactions[name].to_pandas().to_numpy() for name in COLUMNS}
    result = customer_features(NO_EVENTS, events_from_columns(columns))
    wanted = (transactions["date"].to_numpy() >= np.datetime64(first)) & ~result.duplicate
    rows = transactions.select([*IDENTIFIERS, *MERCHANT_NAMES]).filter(pa.array(wanted))
    for feature, values in zip(CUSTOMER_FEATURES, result.values[wanted].T, strict=True):
        rows = rows.append_column(feature.name, pa.array(np.ascontiguousarray(values)))
    rows = rows.append_column("feature_set", pa.repeat(feature_set_hash(), len(rows)))
    return rows.select(ROWS.names).cast(ROWS)
