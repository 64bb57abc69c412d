"""Labelled transactions → the features of a declaration and the merchants' known runs, as known at the decision."""

import numpy as np
import pandas as pd

from fraud_platform.core.benchmark import known_runs
from fraud_platform.core.declaration.declaration import Declaration
from fraud_platform.core.features.declared_features import declared_features
from fraud_platform.core.features.feature_set import FeatureSet
from fraud_platform.core.time import DAY_MS
from fraud_platform.core.training.dataset import DatedRows
from fraud_platform.errors import TrainingError


def labelled_rows(declaration: Declaration, merchant: str, transactions: pd.DataFrame, delay_days: int) -> DatedRows:
    """Transactions in the order of time, with features (n, F): the declaration's, then known_runs.NAMES.

    A label is known `delay_days` after the event, and to day features on the day after that.

    merchant: the field whose values have runs. transactions: the declared fields, amount among them, and is_fraud.
    Their order is that of time and, within a millisecond, of the id, whatever order they come in. Raises
    TrainingError where an id repeats.
    """
    feature_set = FeatureSet(declaration)
    if transactions[feature_set.transaction].duplicated().any():
        raise TrainingError(f"a {feature_set.transaction} stands in the data twice: remove repeated rows first")
    ordered = transactions.sort_values([feature_set.time, feature_set.transaction], ignore_index=True)
    labels = ordered["is_fraud"].to_numpy(bool)
    columns = {name: ordered[name].to_numpy() for name in feature_set.world.names if name in ordered}
    features, _ = declared_features(declaration, columns, labels, delay_days)
    amount = feature_set.world.of_role("amount")
    history = known_runs.MerchantLabels(
        pd.factorize(ordered[merchant])[0].astype(np.int64),
        feature_set.world.field(feature_set.time).encoded(columns[feature_set.time]),
        amount.encoded(columns[amount.name]),
        labels,
    )
    runs = known_runs.known_runs(history, delay_days * DAY_MS, feature_set.world.history.milliseconds)
    return DatedRows(
        np.hstack((features, runs)),
        labels,
        (history.time_ms // DAY_MS).astype("datetime64[D]"),
        ordered[feature_set.key].to_numpy(object),
        ordered[amount.name].to_numpy(np.float64),
    )
