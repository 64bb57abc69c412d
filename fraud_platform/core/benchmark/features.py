"""Labelled transactions → the platform's features and the merchants' known runs, all as known at the decision."""

import numpy as np
import pandas as pd

from fraud_platform.core.benchmark import known_runs
from fraud_platform.core.declaration.reading import read_declaration
from fraud_platform.core.features.declaration import HISTORY_DAYS
from fraud_platform.core.features.entity_events import entity_events_of
from fraud_platform.core.features.feature_set import FeatureSet
from fraud_platform.core.features.matured import as_of_each_day
from fraud_platform.core.features.matured_grids import MaturedTransactions
from fraud_platform.core.features.velocity import velocities_among
from fraud_platform.core.time import DAY_MS
from fraud_platform.core.training.dataset import DatedRows
from fraud_platform.errors import TrainingError
from fraud_platform.shipped_declarations import shipped_declaration

_SIMULATED = FeatureSet(read_declaration(shipped_declaration("simulated"), "simulated.yaml"))
NAMES = (*_SIMULATED.names, *known_runs.NAMES)


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
    columns = {name: ordered[name].to_numpy() if name in ordered else empty for name in _SIMULATED.world.names}
    events = _SIMULATED.layout.rows(columns, columns["event_time_ms"])
    merchant = pd.factorize(ordered["merchant_id"])[0].astype(np.int64)
    labels = ordered["is_fraud"].to_numpy(bool)
    history = known_runs.MerchantLabels(merchant, events["_time_ms"].copy(), events["amount"].copy(), labels)
    runs = known_runs.known_runs(history, delay_days * DAY_MS, HISTORY_DAYS * DAY_MS)
    day = history.time_ms // DAY_MS
    matured = MaturedTransactions(merchant, np.arange(len(day)), day, {"amount": history.amount_cents})
    arranged = _SIMULATED.kernel.arrange(_SIMULATED.layout.empty, events)
    of_merchants = _SIMULATED.matured["merchant_id"]
    plan = _SIMULATED.velocity
    parts = (
        _SIMULATED.kernel.features_of(arranged).values,
        as_of_each_day(_SIMULATED.world, of_merchants, matured, history.time_ms, labels, delay_days),
        velocities_among(plan, entity_events_of(plan, arranged)),
        runs,
    )
    return DatedRows(
        np.hstack(parts),
        labels,
        day.astype("datetime64[D]"),
        ordered["customer_id"].to_numpy(object),
        ordered["amount"].to_numpy(np.float64),
    )
