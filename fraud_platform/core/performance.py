"""How the models in force did, once the labels of what they decided are mature. Pure: rows in, rows out."""

from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa

from fraud_platform.core.training.split import known_labels

PERFORMANCE = pa.schema(
    [
        ("date", pa.date32()),
        ("scored_day", pa.date32()),
        ("model_version", pa.int32()),
        ("transactions", pa.int64()),
        ("frauds", pa.int64()),
        ("alerts", pa.int64()),
        ("precision", pa.float64()),
        ("recall", pa.float64()),
        ("average_precision", pa.float64()),
        ("probability_sum", pa.float64()),
    ]
)
"""`date` is the day the labels are mature at; ratios are null where their denominator is 0."""


def live_performance(predictions: pd.DataFrame, reports: pd.DataFrame, scored_day: date, as_of: date) -> pa.Table:
    """One row of PERFORMANCE for each model version, by the reports known at the start of `as_of`.

    Of all transactions, also those of cards that were blocked, which training does not judge on.
    predictions: model_version, transaction_id, is_fraud, probability of one day; reports as in
    `known_labels`.
    """
    rows = []
    for version, made in predictions.groupby("model_version"):
        frauds = known_labels(made["transaction_id"].to_numpy(), reports, as_of)
        alerts, scores = made["is_fraud"].to_numpy(bool), made["probability"].to_numpy()
        caught = int((frauds & alerts).sum())
        row = {
            "date": as_of,
            "scored_day": scored_day,
            "model_version": version,
            "transactions": len(made),
            "frauds": int(frauds.sum()),
            "alerts": int(alerts.sum()),
            "precision": caught / alerts.sum() if alerts.any() else None,
            "recall": caught / frauds.sum() if frauds.any() else None,
            "average_precision": _average_precision(frauds, scores) if frauds.any() else None,
            "probability_sum": float(scores.sum()),
        }
        rows.append(row)
    return pa.Table.from_pylist(rows, schema=PERFORMANCE)


def _average_precision(labels: np.ndarray, scores: np.ndarray) -> float:
    from sklearn.metrics import average_precision_score

    return float(average_precision_score(labels, scores))
