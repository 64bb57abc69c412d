"""Rows of merchant_risk: reports joined to their transactions over buckets of ids, then sums over entities.

The table has the name of the first entity that it was made for. It has those of the declaration.
"""

from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from fraud_platform.core.features import matured
from fraud_platform.core.features.fraud_status import NEVER, FraudReports
from fraud_platform.core.features.matured import matured_features
from fraud_platform.core.features.matured_grids import MaturedTransactions, repeat_days
from fraud_platform.core.features.matured_lookup import ENTITY, VALUE
from fraud_platform.core.reports import REVIEW, known_days
from fraud_platform.core.time import DAY_MS, EPOCH
from fraud_platform.declared import FEATURE_SET
from fraud_platform.messages.arrow_schemas import DATED_PLACE
from fraud_platform.messages.declared.arrow import encoded
from fraud_platform.messages.schemas import MAX_LATENESS_MS
from fraud_platform.pipeline import tables
from fraud_platform.pipeline.transactions import REPORT_COLUMNS, report_rows
from fraud_platform.storage.lake import Lake

_OF_FIELD = {name: f"field: {name}" for name in FEATURE_SET.matured_fields}
"""Declared field → its column here, where reports have columns of their own."""
_OWNERS = [*DATED_PLACE, "transaction_id", "customer_id"]
TRANSACTION_COLUMNS = [*_OWNERS, *_OF_FIELD.values()]
"""`customer_id` is the key."""
REPEAT_DAYS = repeat_days(FEATURE_SET.world)
_REPORT_PLACE = [f"report_{name}" for name in DATED_PLACE]
PAIR_COLUMNS = [*_REPORT_PLACE, "source", "is_fraud", "reported_at_ms", "shared_from"]
"""What a report adds to its transaction."""
REPORT_LEAD_DAYS = -(-MAX_LATENESS_MS // DAY_MS)
"""A fraud can be reported before the transaction arrives, by as much as that is late."""


def look_back_days(delay_days: int) -> int:
    """Arrival days before an as-of day that its rows may depend on."""
    return matured.look_back_days(FEATURE_SET.world, FEATURE_SET.matured_features, delay_days)


def transaction_days(first: date, last: date, delay_days: int) -> tuple[date, date]:
    """Arrival days of the transactions that the as-of days first to last depend on."""
    return first - timedelta(days=look_back_days(delay_days)), last - timedelta(days=delay_days + 1)


def report_days(first: date, last: date, delay_days: int) -> tuple[date, date]:
    """Arrival days of the reports on them: what arrives on an as-of day is not known at its start."""
    return transaction_days(first, last, delay_days)[0] - timedelta(days=REPORT_LEAD_DAYS), last - timedelta(days=1)


def transactions_and_reports(lake: Lake, transaction_days: tuple[date, date], from_day: date, to_day: date) -> pa.Table:
    """What arrived from day to day: TRANSACTION_COLUMNS of the transactions on `transaction_days`, then REPORT_COLUMNS.

    A transaction has no is_fraud.
    """
    first, last = max(from_day, transaction_days[0]), min(to_day, transaction_days[1])
    fields = [*DATED_PLACE, FEATURE_SET.transaction, FEATURE_SET.key, *_OF_FIELD]
    rows = lake.read(tables.TRANSACTIONS, list(dict.fromkeys(fields)), first, last)
    transactions = pa.table([rows[field] for field in fields], TRANSACTION_COLUMNS)
    return pa.concat_tables([transactions, report_rows(lake, from_day, to_day)], promote_options="default")


def reported(rows: pa.Table, on_ambiguous: Callable[[int], object] = lambda count: None) -> pa.Table:
    """Transactions of each entity with their reports, see `risk_of_entities`, from all rows of some transaction ids.

    on_ambiguous: is told the number of reports that name no customer, on ids that several have.
    """
    is_report = pc.is_valid(rows["is_fraud"])
    reports = rows.select(REPORT_COLUMNS).filter(is_report).to_pandas(date_as_object=False)
    transactions = rows.select(TRANSACTION_COLUMNS).filter(pc.invert(is_report))
    pairs = _pairs(transactions, reports)
    on_ambiguous(len(pairs.loc[pairs["shared_from"].notna(), _REPORT_PLACE].drop_duplicates()))
    with_report = transactions.take(pa.array(pairs.pop("row"), pa.int64())).drop_columns("customer_id")
    for name, column in pairs.items():
        with_report = with_report.append_column(name, pa.array(column, from_pandas=True))
    together = pa.concat_tables([transactions.drop_columns("customer_id"), with_report], promote_options="default")
    return pa.concat_tables([_of_entity(together, entity) for entity in FEATURE_SET.matured])


def _of_entity(rows: pa.Table, entity: str) -> pa.Table:
    """The rows that name a value of the entity, which stands in columns ENTITY and VALUE."""
    known = rows.filter(pc.is_valid(rows[_OF_FIELD[entity]]))
    return known.append_column(ENTITY, pa.repeat(entity, len(known))).append_column(VALUE, known[_OF_FIELD[entity]])


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


def risk_of_entities(rows: pa.Table, first: date, last: date, delay_days: int) -> pa.Table:
    """Rows of merchant_risk from all transactions of some values of entities.

    rows: TRANSACTION_COLUMNS but customer_id, PAIR_COLUMNS, ENTITY and VALUE: PAIR_COLUMNS are null in the row that
    each transaction has, and filled in one more for each report on it.
    """
    parts = [tables.MERCHANT_RISK.schema.empty_table()]
    for entity in FEATURE_SET.matured:
        own = rows.filter(pc.equal(rows[ENTITY], entity))
        if len(own):
            parts.append(_risk_of(entity, own, (first, last), delay_days))
    return pa.concat_tables(parts, promote_options="permissive").select(tables.MERCHANT_RISK.schema.names)


def _risk_of(entity: str, rows: pa.Table, days: tuple[date, date], delay_days: int) -> pa.Table:
    """The same of one entity."""
    rows = rows.sort_by([("date", "ascending"), ("kafka_partition", "ascending"), ("kafka_offset", "ascending")])
    names = [*DATED_PLACE, "transaction_id", VALUE, *PAIR_COLUMNS]
    frame = rows.select(names).to_pandas(date_as_object=False)
    row = frame.groupby(["kafka_partition", "kafka_offset"], sort=False).ngroup().to_numpy()
    is_first = ~frame.duplicated(["kafka_partition", "kafka_offset"])
    once, fields = frame[is_first], rows.filter(pa.array(is_first))
    code, values = pd.factorize(once[VALUE])
    transactions = MaturedTransactions(
        code,
        pd.factorize(once["transaction_id"])[0],
        _day_numbers(once["date"]),
        {name: encoded(FEATURE_SET.world.field(name), fields[column]) for name, column in _OF_FIELD.items()},
    )
    reports = _reports(frame.assign(row=row), delay_days)
    declared = FEATURE_SET.matured[entity]
    numbers = (days[0] - EPOCH).days, (days[1] - EPOCH).days
    result = matured_features(FEATURE_SET.world, declared, transactions, reports, numbers, delay_days)
    columns = {
        ENTITY: pa.repeat(entity, len(result.day)),
        VALUE: pa.array(values[result.entity], pa.string()),
        "date": pa.array(result.day.astype(np.int32)).cast(pa.date32()),
        **{one.feature.name: column for one, column in zip(declared, result.values.T.copy(), strict=True)},
    }
    return pa.table(columns)


def _reports(rows: pd.DataFrame, delay_days: int) -> FraudReports:
    """What is reported of the transactions, whose numbers are in column `row`."""
    reported = rows.dropna(subset="reported_at_ms")
    reported = reported.sort_values(["report_date", "report_kafka_partition", "report_kafka_offset"])
    time_ms = reported["reported_at_ms"].to_numpy(np.int64)
    known = known_days(time_ms, reported["report_date"].to_numpy()).astype(np.int64)
    until = _day_numbers(reported["shared_from"]) + delay_days + 1
    return FraudReports(
        reported["row"].to_numpy(),
        known,
        time_ms,
        reported["is_fraud"].to_numpy(bool),
        reported["source"].to_numpy(object) == REVIEW,
        np.where(reported["shared_from"].isna(), NEVER, until),
    )


def _day_numbers(days: pd.Series) -> np.ndarray:
    return days.to_numpy().astype("datetime64[D]").astype(np.int64)
