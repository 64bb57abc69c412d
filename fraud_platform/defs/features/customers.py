"""transaction_features as Spark sees it: the kernel over buckets of customers, then the merchants' values joined on."""

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from fraud_platform.core.features.declaration import DAY_MS, HISTORY_DAYS
from fraud_platform.core.features.events import COLUMNS, NO_EVENTS, events_from_columns
from fraud_platform.core.features.kernel import customer_features
from fraud_platform.core.features.table import CUSTOMER_FEATURES, MERCHANT_FEATURES, feature_set_hash
from fraud_platform.schemas import MAX_CLOCK_SKEW_MS, MAX_LATENESS_MS

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

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
BATCH_ROWS = 20_000

_CUSTOMER_ROWS = pa.schema(
    [
        ("date", pa.date32()),
        ("kafka_partition", pa.int32()),
        ("kafka_offset", pa.int64()),
        ("transaction_id", pa.string()),
        ("customer_id", pa.string()),
        ("merchant_id", pa.string()),
        ("event_time_ms", pa.int64()),
        *((f.name, pa.float64()) for f in CUSTOMER_FEATURES),
    ]
)


def transaction_features(transactions: "DataFrame", merchants: "DataFrame", first: date, buckets: int) -> "DataFrame":
    """Features of the accepted, not duplicated transactions from day `first` on.

    transactions: READ_COLUMNS from LOOK_BACK_DAYS before `first` on. merchants: the
    merchant_risk rows of the wanted days.
    """
    from pyspark.sql import functions as F
    from pyspark.sql.pandas.types import from_arrow_schema

    def rows(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        received = list(batches)
        if received:
            yield from customer_rows(pa.Table.from_batches(received), first).to_batches(BATCH_ROWS)

    of_customers = transactions.repartition(buckets, "customer_id").mapInArrow(rows, from_arrow_schema(_CUSTOMER_ROWS))
    merchant_values = [F.coalesce(F.col(f.name), F.lit(f.default)).alias(f.name) for f in MERCHANT_FEATURES]
    customer_values = [F.col(f.name) for f in CUSTOMER_FEATURES]
    return of_customers.join(merchants, ["merchant_id", "date"], "left").select(
        *IDENTIFIERS, *customer_values, *merchant_values, F.lit(feature_set_hash()).alias("feature_set")
    )


def customer_rows(transactions: pa.Table, first: date) -> pa.Table:
    """Identifiers and customer features of the transactions from `first` on, duplicates left out.

    transactions: READ_COLUMNS of all transactions that these customers made in the look-back.
    """
    # By day first: when a topic gets new partitions, customers move to other ones.
    transactions = transactions.sort_by([(name, "ascending") for name in ("date", "kafka_partition", "kafka_offset")])
    columns = {name: transactions[name].to_pandas().to_numpy() for name in COLUMNS}
    result = customer_features(NO_EVENTS, events_from_columns(columns))
    wanted = (transactions["date"].to_numpy() >= np.datetime64(first)) & ~result.duplicate
    rows = transactions.select(IDENTIFIERS).filter(pa.array(wanted))
    for feature, values in zip(CUSTOMER_FEATURES, result.values[wanted].T, strict=True):
        rows = rows.append_column(feature.name, pa.array(np.ascontiguousarray(values)))
    return rows.cast(_CUSTOMER_ROWS)
