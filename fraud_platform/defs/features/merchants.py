"""Rows of merchant_risk: reports joined to their transactions over buckets of ids, then the kernel over merchants."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from fraud_platform.core.features.merchant_risk import (
    NAMES,
    FraudReports,
    MerchantTransactions,
    look_back_days,
    merchant_risk,
)
from fraud_platform.core.reports import known_days
from fraud_platform.core.time import DAY_MS, EPOCH
from fraud_platform.schemas import MAX_LATENESS_MS
from fraud_platform.storage.lake import Lake
from fraud_platform.storage.topic_days import DATED_PLACE
from fraud_platform.storage.transactions import REPORT_COLUMNS

TRANSACTION_COLUMNS = [*DATED_PLACE, "transaction_id", "merchant_id", "amount"]
REPORT_LEAD_DAYS = -(-MAX_LATENESS_MS // DAY_MS)
"""A fraud can be reported before the transaction arrives, by as much as that is late."""

ROWS = pa.schema([("merchant_id", pa.string()), ("date", pa.date32()), *((name, pa.float64()) for name in NAMES)])


def transaction_days(first: date, last: date, delay_days: int) -> tuple[date, date]:
    """Arrival days of the transactions that the as-of days first to last depend on."""
    return first - timedelta(days=look_back_days(delay_days)), last - timedelta(days=delay_days + 1)


def report_days(first: date, last: date, delay_days: int) -> tuple[date, date]:
    """Arrival days of the reports on them: what arrives on an as-of day is not known at its start."""
    return transaction_days(first, last, delay_days)[0] - timedelta(days=REPORT_LEAD_DAYS), last - timedelta(days=1)


def transactions_and_reports(lake: Lake, transaction_days: tuple[date, date], from_day: date, to_day: date) -> pa.Table:
    """What arrived from day to day: TRANSACTION_COLUMNS of the transactions on `transaction_days`, then REPORT_COLUMNS.

    A report has no merchant_id, a transaction no is_fraud.
    """
    first, last = max(from_day, transaction_days[0]), min(to_day, transaction_days[1])
    transactions = lake.read("raw/transactions", TRANSACTION_COLUMNS, first, last)
    reports = lake.read("raw/labels", REPORT_COLUMNS, from_day, to_day)
    return pa.concat_tables([transactions, reports], promote_options="default")


def reported(rows: pa.Table) -> pa.Table:
    """Transactions with their reports, see `risk_of_merchants`, from all rows of some transaction ids."""
    is_report = pc.is_null(rows["merchant_id"])
    reports = rows.select(REPORT_COLUMNS).filter(is_report)
    reports = reports.rename_columns({name: f"report_{name}" for name in DATED_PLACE})
    transactions = rows.select(TRANSACTION_COLUMNS).filter(pc.invert(is_report))
    return transactions.join(reports, "transaction_id", join_type="left outer")


def risk_of_merchants(rows: pa.Table, first: date, last: date, delay_days: int) -> pa.Table:
    """Rows of merchant_risk from all transactions of some merchants.

    rows: TRANSACTION_COLUMNS and, one row for each report on a transaction, report_date,
    report_kafka_partition, report_kafka_offset, is_fraud and reported_at_ms, null where there is none.
    """
    frame = rows.to_pandas(date_as_object=False)
    frame = frame.sort_values(["date", "kafka_partition", "kafka_offset"], kind="stable", ignore_index=True)
    row = frame.groupby(["kafka_partition", "kafka_offset"], sort=False).ngroup().to_numpy()
    once = frame[~frame.duplicated(["kafka_partition", "kafka_offset"])]
    merchant, merchant_ids = pd.factorize(once["merchant_id"])
    transactions = MerchantTransactions(
        merchant,
        pd.factorize(once["transaction_id"])[0],
        _day_numbers(once["date"]),
        np.rint(once["amount"].to_numpy() * 100).astype(np.int64),
    )
    reported = frame.assign(row=row).dropna(subset="reported_at_ms")
    reported = reported.sort_values(["report_date", "report_kafka_partition", "report_kafka_offset"])
    time_ms = reported["reported_at_ms"].to_numpy(np.int64)
    known = known_days(time_ms, reported["report_date"].to_numpy()).astype(np.int64)
    reports = FraudReports(reported["row"].to_numpy(), known, time_ms, reported["is_fraud"].to_numpy(bool))
    result = merchant_risk(transactions, reports, (first - EPOCH).days, (last - EPOCH).days, delay_days)
    columns = [
        pa.array(merchant_ids[result.merchant], pa.string()),
        pa.array(result.day.astype(np.int32)).cast(pa.date32()),
        *(pa.array(np.ascontiguousarray(column)) for column in result.values.T),
    ]
    return pa.table(columns, schema=ROWS)


def _day_numbers(days: pd.Series) -> np.ndarray:
    return days.to_numpy().astype("datetime64[D]").astype(np.int64)
