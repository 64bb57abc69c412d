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


def live_performance(
    predictions: pd.DataFrame, reports: pd.DataFrame, scored_day: date, as_of: date, others: pd.DataFrame | None = None
) -> pa.Table:
    """One row of PERFORMANCE for each model version, by the reports known at the start of `as_of`.

    Of all transactions, also those of cards that were blocked, which training does not judge on.
    predictions: model_version, transaction_id, customer_id, is_fraud, probability of one day; reports as in
    `known_labels`; others: transaction_id and customer_id of other days, which may share an id with these.
    """
    all_known = predictions if others is None else pd.concat([predictions, others])
    ids, customers = (all_known[name].to_numpy(object) for name in ("transaction_id", "customer_id"))
    labelled = predictions.assign(label=known_labels(ids, customers, reports, as_of)[: len(predictions)])
    rows = []
    for version, made in labelled.groupby("model_version"):
        frauds = made["label"].to_numpy(bool)
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
