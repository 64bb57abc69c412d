"""Rows of merchant_risk: reports joined to their transactions over buckets of ids, then the kernel over merchants."""

from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from fraud_platform.core.features.fraud_status import NEVER, FraudReports
from fraud_platform.core.features.matured_grids import MaturedTransactions
from fraud_platform.core.features.merchant_risk import REPEAT_DAYS, look_back_days, merchant_risk
from fraud_platform.core.features.table import DECLARATION
from fraud_platform.core.reports import REVIEW, known_days
from fraud_platform.core.time import DAY_MS, EPOCH
from fraud_platform.messages.arrow_schemas import DATED_PLACE
from fraud_platform.messages.schemas import MAX_LATENESS_MS
from fraud_platform.pipeline import tables
from fraud_platform.pipeline.transactions import REPORT_COLUMNS, report_rows
from fraud_platform.storage.lake import Lake

TRANSACTION_COLUMNS = [*DATED_PLACE, "transaction_id", "customer_id", "merchant_id", "amount"]
_REPORT_PLACE = [f"report_{name}" for name in DATED_PLACE]
PAIR_COLUMNS = [*_REPORT_PLACE, "source", "is_fraud", "reported_at_ms", "shared_from"]
"""What a report adds to its transaction."""
REPORT_LEAD_DAYS = -(-MAX_LATENESS_MS // DAY_MS)
"""A fraud can be reported before the transaction arrives, by as much as that is late."""


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
    transactions = lake.read(tables.TRANSACTIONS, TRANSACTION_COLUMNS, first, last)
    return pa.concat_tables([transactions, report_rows(lake, from_day, to_day)], promote_options="default")


def reported(rows: pa.Table, on_ambiguous: Callable[[int], object] = lambda count: None) -> pa.Table:
    """Transactions with their reports, see `risk_of_merchants`, from all rows of some transaction ids.

    on_ambiguous: is told the number of reports that name no customer, on ids that several have.
    """
    is_report = pc.is_null(rows["merchant_id"])
    reports = rows.select(REPORT_COLUMNS).filter(is_report).to_pandas(date_as_object=False)
    transactions = rows.select(TRANSACTION_COLUMNS).filter(pc.invert(is_report))
    pairs = _pairs(transactions, reports)
    on_ambiguous(len(pairs.loc[pairs["shared_from"].notna(), _REPORT_PLACE].drop_duplicates()))
    with_report = transactions.take(pa.array(pairs.pop("row"), pa.int64())).drop_columns("customer_id")
    for name, column in pairs.items():
        with_report = with_report.append_column(name, pa.array(column, from_pandas=True))
    return pa.concat_tables([transactions.drop_columns("customer_id"), with_report], promote_options="default")


def _pairs(transactions: pa.Table, reports: pd.DataFrame) -> pd.DataFrame:
    """Pairs of a transaction, by its position `row`, and a report on it, with the columns that `reported` adds.

    A report that names no customer counts until the day on which a second customer has the id: `shared_from`.
    """
    asked = pc.is_in(transactions["transaction_id"], pa.array(reports["transaction_id"].unique(), pa.string()))
    chosen = transactions.select(["date", "transaction_id", "customer_id"]).filter(asked)
    rows = chosen.to_pandas(date_as_object=False).assign(row=np.flatnonzero(asked.to_numpy()))
    rows["shared_from"] = shared_from(rows)
    renamed = reports.rename(columns={"customer_id": "key"} | {name: f"report_{name}" for name in DATED_PLACE})
    pairs = rows.drop(columns="date").merge(renamed, on="transaction_id")
    pairs = pairs[pairs["key"].isna() | (pairs["key"] == pairs["customer_id"])]
    pairs["shared_from"] = pairs["shared_from"].where(pairs["key"].isna())
    return pairs[[*PAIR_COLUMNS, "row"]]


def shared_from(rows: pd.DataFrame) -> pd.Series:
    """The arrival day, of each row, on which its id becomes another customer's, too; NaT where it does not.

    rows: date, transaction_id, customer_id. Days that are more than REPEAT_DAYS before the row do not
    matter, so that a day's risk does not depend on how far back the rows go that it is computed from.
    """
    owners = rows.groupby("transaction_id")["customer_id"].transform("nunique")
    shared = rows[owners > 1].reset_index(names="at")
    pairs = shared.merge(shared, on="transaction_id", suffixes=("", "_other"))
    pairs = pairs[pairs["customer_id"] != pairs["customer_id_other"]]
    pairs = pairs[(pairs["date"] - pairs["date_other"]).dt.days <= REPEAT_DAYS]
    day = pairs[["date", "date_other"]].max(axis=1).groupby(pairs["at"]).min()
    return day.reindex(rows.index).astype("datetime64[s]")


def risk_of_merchants(rows: pa.Table, first: date, last: date, delay_days: int) -> pa.Table:
    """Rows of merchant_risk from all transactions of some merchants.

    rows: TRANSACTION_COLUMNS but customer_id, and PAIR_COLUMNS: null in the row that each transaction has, and
    filled in one more for each report on it.
    """
    frame = rows.to_pandas(date_as_object=False)
    frame = frame.sort_values(["date", "kafka_partition", "kafka_offset"], kind="stable", ignore_index=True)
    row = frame.groupby(["kafka_partition", "kafka_offset"], sort=False).ngroup().to_numpy()
    once = frame[~frame.duplicated(["kafka_partition", "kafka_offset"])]
    merchant, merchant_ids = pd.factorize(once["merchant_id"])
    transactions = MaturedTransactions(
        merchant,
        pd.factorize(once["transaction_id"])[0],
        _day_numbers(once["date"]),
        {"amount": DECLARATION.world.field("amount").encoded(once["amount"])},
    )
    reported = frame.assign(row=row).dropna(subset="reported_at_ms")
    reported = reported.sort_values(["report_date", "report_kafka_partition", "report_kafka_offset"])
    time_ms = reported["reported_at_ms"].to_numpy(np.int64)
    known = known_days(time_ms, reported["report_date"].to_numpy()).astype(np.int64)
    until = _day_numbers(reported["shared_from"]) + delay_days + 1
    reports = FraudReports(
        reported["row"].to_numpy(),
        known,
        time_ms,
        reported["is_fraud"].to_numpy(bool),
        reported["source"].to_numpy(object) == REVIEW,
        np.where(reported["shared_from"].isna(), NEVER, until),
    )
    result = merchant_risk(transactions, reports, (first - EPOCH).days, (last - EPOCH).days, delay_days)
    columns = [
        pa.array(merchant_ids[result.entity], pa.string()),
        pa.array(result.day.astype(np.int32)).cast(pa.date32()),
        *(pa.array(np.ascontiguousarray(column)) for column in result.values.T),
    ]
    return pa.table(columns, schema=tables.MERCHANT_RISK.schema)


def _day_numbers(days: pd.Series) -> np.ndarray:
    return days.to_numpy().astype("datetime64[D]").astype(np.int64)
