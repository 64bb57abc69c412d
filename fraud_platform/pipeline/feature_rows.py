"""Rows of features/transactions as matrices, and the fraud reports on them."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fraud_platform.core.arrays import Floats
from fraud_platform.core.training.dataset import FeatureRows
from fraud_platform.core.training.split import blocked_cards
from fraud_platform.declared import FEATURE_SET
from fraud_platform.errors import TrainingError
from fraud_platform.messages.arrow_schemas import DATED_PLACE
from fraud_platform.pipeline import tables
from fraud_platform.pipeline.rejections import rejections_by_reason
from fraud_platform.pipeline.transactions import in_arrival_order, read_reports
from fraud_platform.storage.lake import Lake

MOST_REASONS = 5
"""Told in an error."""
_FEATURES = dict.fromkeys((*FEATURE_SET.names, tables.AMOUNT))
_ROWS = (*DATED_PLACE, "transaction_id", "customer_id", *_FEATURES, "feature_set")


def read_feature_rows(lake: Lake, card_blocked_days: int) -> FeatureRows:
    """All days in the lake, in arrival order; raises LakeError where a table is missing, TrainingError as below."""
    require_features(lake)
    table = lake.read(tables.FEATURES, _ROWS)
    require_feature_set(table)
    ordered, reports = in_arrival_order(table), read_reports(lake)
    transaction_ids, customer_ids = (
        np.asarray(ordered[name].to_pandas(), object) for name in ("transaction_id", "customer_id")
    )
    days = ordered["date"].to_numpy().astype("datetime64[D]")
    return FeatureRows(
        feature_set=FEATURE_SET,
        transaction_ids=transaction_ids,
        features=feature_matrix(ordered),
        days=days,
        customer_ids=customer_ids,
        amounts=ordered[tables.AMOUNT].to_numpy(),
        blocked=blocked_cards(transaction_ids, customer_ids, days, reports, card_blocked_days),
        reports=reports,
    )


def require_features(lake: Lake) -> None:
    """Raise TrainingError where there are no features, with the reason where it is that every message was rejected."""
    if lake.exists(tables.FEATURES) and lake.dates(tables.FEATURES):
        return
    refused = (
        lake.read(tables.REJECTIONS, ["topic", "field", "reason"]) if lake.exists(tables.REJECTIONS) else pa.table({})
    )
    if refused.num_rows and not (lake.exists(tables.TRANSACTIONS) and lake.dates(tables.TRANSACTIONS)):
        reasons = rejections_by_reason(refused)
        more = f" and {len(reasons) - MOST_REASONS} other reasons" if len(reasons) > MOST_REASONS else ""
        raise TrainingError(
            f"features/transactions has no rows, since every transaction was rejected, {refused.num_rows:,} messages "
            f"in all: {'; '.join(r.words for r in reasons[:MOST_REASONS])}{more}. Mend what sends them "
            "('fraud replay FILE --mapping … --check' tells before anything is sent), and send them anew"
        )
    raise TrainingError("features/transactions has no rows: materialise transaction_features for some days")


def require_feature_set(rows: pa.Table) -> None:
    """Raise TrainingError where a row was computed by another feature set than this code declares."""
    others = sorted(set(pc.unique(rows["feature_set"]).to_pylist()) - {FEATURE_SET.hash})
    if others:
        raise TrainingError(
            f"features/transactions has rows of feature set {', '.join(others)}, this code declares "
            f"{FEATURE_SET.hash}: materialise transaction_features again for all its days"
        )


def feature_matrix(table: pa.Table) -> Floats:
    """Declared features (n, F) in their declared order."""
    return np.column_stack([table[name].to_numpy() for name in FEATURE_SET.names])
