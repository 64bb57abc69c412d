"""What the feature tables promise, as counts of the rows that break it."""

from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
import pyarrow.compute as pc

from fraud_platform.declared import FEATURE_SET
from fraud_platform.pipeline import tables
from fraud_platform.storage.lake import Lake

_RISKS = [one.feature.name for one in FEATURE_SET.matured_features if one.feature.unit == "share"]


class Broken(NamedTuple):
    """Rows that were looked at, and the values among them that break the promise, by feature."""

    rows: int
    values: dict[str, int]


def risks_outside_zero_and_one(lake: Lake, first: date, last: date) -> Broken:
    """Merchant risks that are no share, of the as-of days first to last."""
    rows = lake.read(tables.MERCHANT_RISK, _RISKS, first, last)
    known = {name: rows[name].drop_null().to_numpy() for name in _RISKS}  # null in the rows of other entities
    outside = {name: int((~((v >= 0) & (v <= 1))).sum()) for name, v in known.items()}
    return Broken(len(rows), {name: count for name, count in outside.items() if count})


def values_that_are_not_finite(lake: Lake, first: date, last: date) -> Broken:
    """Feature values that are missing, NaN or infinite, of the days first to last."""
    rows = lake.read(tables.FEATURES, FEATURE_SET.names, first, last)
    bad = {name: int((~np.isfinite(rows[name].to_numpy())).sum()) for name in FEATURE_SET.names}
    return Broken(len(rows), {name: count for name, count in bad.items() if count})


class WithoutFeatures(NamedTuple):
    """Accepted transactions, and the ids of those without features."""

    accepted: int
    missing: list[str]


def transactions_without_features(lake: Lake, first: date, last: date) -> WithoutFeatures:
    """Of the days first to last; a transaction that is sent again has the features of its first arrival."""
    accepted = lake.read(tables.TRANSACTIONS, [FEATURE_SET.transaction], first, last)[FEATURE_SET.transaction]
    earlier = first - timedelta(days=FEATURE_SET.history_days + 1)
    known = lake.read(tables.FEATURES, ["transaction_id"], earlier, last)["transaction_id"]
    missing = accepted.filter(pc.invert(pc.is_in(accepted, value_set=known.combine_chunks())))
    return WithoutFeatures(len(accepted), missing.to_pylist())
