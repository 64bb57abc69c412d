"""Labelled transactions → the platform's features and the merchants' known runs, all as known at the decision."""

import numpy as np
import pandas as pd

from fraud_platform.core.arrays import Floats
from fraud_platform.core.benchmark import known_runs
from fraud_platform.core.features.declaration import HISTORY_DAYS
from fraud_platform.core.features.entity_events import entity_events_of
from fraud_platform.core.features.fraud_status import FraudReports
from fraud_platform.core.features.matured_grids import MaturedTransactions
from fraud_platform.core.features.merchant_risk import merchant_risk
from fraud_platform.core.features.table import FEATURE_NAMES, FIELD_NAMES, KERNEL, LAYOUT, MERCHANT_FEATURES
from fraud_platform.core.features.velocity import velocities_among
from fraud_platform.core.time import DAY_MS
from fraud_platform.core.training.dataset import DatedRows
from fraud_platform.errors import TrainingError

NAMES = (*FEATURE_NAMES, *known_runs.NAMES)


def labelled_rows(transactions: pd.DataFrame, delay_days: int) -> DatedRows:
    """Transactions in the order of time, with features (n, len(NAMES)).

    A label is known `delay_days` after the event, and to day features on the day after that.

    transactions: transaction_id, customer_id, merchant_id, event_time_ms, amount, is_fraud and
    any other fields of a Transaction. Their order is that of time and, within a millisecond,
    of the id, whatever order they come in. Raises TrainingError where an id repeats.
    """
    if transactions["transaction_id"].duplicated().any():
        raise TrainingError("a transaction_id stands in the data twice: remove repeated rows first")
    ordered = transactions.sort_values(["event_time_ms", "transaction_id"], ignore_index=True)
    empty = np.full(len(ordered), None, object)
    columns = {name: ordered[name].to_numpy() if name in ordered else empty for name in FIELD_NAMES}
    events = LAYOUT.rows(columns, columns["event_time_ms"])
    merchant = pd.factorize(ordered["merchant_id"])[0].astype(np.int64)
    labels = ordered["is_fraud"].to_numpy(bool)
    history = known_runs.MerchantLabels(merchant, events["_time_ms"].copy(), events["amount"].copy(), labels)
    runs = known_runs.known_runs(history, delay_days * DAY_MS, HISTORY_DAYS * DAY_MS)
    arranged = KERNEL.arrange(LAYOUT.empty, events)
    parts = (
        KERNEL.features_of(arranged).values,
        _as_of_each_day(history, delay_days),
        velocities_among(entity_events_of(arranged)),
        runs,
    )
    return DatedRows(
        np.hstack(parts),
        labels,
        (history.time_ms // DAY_MS).astype("datetime64[D]"),
        ordered["customer_id"].to_numpy(object),
        ordered["amount"].to_numpy(np.float64),
    )


def _as_of_each_day(rows: known_runs.MerchantLabels, delay_days: int) -> Floats:
    """The merchant features (n, len(MERCHANT_FEATURES)) that the daily table has for each row."""
    day = rows.time_ms // DAY_MS
    first, last = int(day.min()), int(day.max())
    frauds = np.flatnonzero(rows.is_fraud)
    reports = FraudReports(
        frauds, day[frauds] + delay_days + 1, rows.time_ms[frauds] + delay_days * DAY_MS, np.ones(len(frauds), bool)
    )
    transactions = MaturedTransactions(rows.merchant, np.arange(len(day)), day, {"amount": rows.amount_cents})
    table = merchant_risk(transactions, reports, first, last, delay_days)
    span = last - first + 1
    found = pd.Index(table.entity * span + table.day - first).get_indexer(rows.merchant * span + day - first)
    # get_indexer gives -1, the last row, to merchants that are not in the day's table.
    return np.vstack((table.values, [f.default for f in MERCHANT_FEATURES]))[found]
