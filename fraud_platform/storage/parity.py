"""The scorer's logged features against the batch features of the same messages, both read from the lake."""

from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa

from fraud_platform.core.arrays import Floats
from fraud_platform.core.features.merchant_risk import MerchantRisk
from fraud_platform.core.features.parity import Parity, compare_features
from fraud_platform.core.features.table import CUSTOMER_FEATURES, FEATURE_NAMES, MERCHANT_FEATURES
from fraud_platform.storage.lake import Lake

CUSTOMER_NAMES = [f.name for f in CUSTOMER_FEATURES]


def scored_against_batch(lake: Lake, first: date | None = None, last: date | None = None) -> Parity:
    """Compare every prediction of the days first to last (of the prediction; all by default) with batch.

    Customer features come from features/transactions, by source partition and offset.
    Merchant features are looked up as of the day that the scorer says it used. A
    prediction without batch features differs.
    """
    scored = lake.read(
        "serving/predictions",
        ["transaction_id", "source_partition", "source_offset", "merchant_risk_date", "features"],
        first,
        last,
    )
    batch = lake.read("features/transactions", ["kafka_partition", "kafka_offset", "merchant_id", *CUSTOMER_NAMES])
    where = pd.MultiIndex.from_arrays([batch["kafka_partition"].to_numpy(), batch["kafka_offset"].to_numpy()])
    rows = where.get_indexer(
        pd.MultiIndex.from_arrays([scored["source_partition"].to_numpy(), scored["source_offset"].to_numpy()])
    )
    customer = np.column_stack([batch[name].to_numpy() for name in CUSTOMER_NAMES])[rows]
    customer[rows < 0] = np.nan
    merchants = batch["merchant_id"].to_pandas().to_numpy(object)[rows]
    return compare_features(
        scored["transaction_id"].to_numpy(),
        np.hstack((customer, _merchant_features(lake, merchants, scored["merchant_risk_date"]))),
        _matrix(scored["features"]),
        FEATURE_NAMES,
    )


def _merchant_features(lake: Lake, merchants: np.ndarray, as_of: pa.ChunkedArray) -> Floats:
    """As of the day given for each row; the declared defaults where it is null."""
    values = np.tile([f.default for f in MERCHANT_FEATURES], (len(merchants), 1))
    dates = as_of.to_pandas().to_numpy(object)
    for text in {d for d in dates if d is not None}:
        day = date.fromisoformat(str(text))
        rows = np.flatnonzero(dates == text)
        values[rows] = MerchantRisk(lake.read("features/merchant_risk", first=day, last=day)).lookup(merchants[rows])
    return values


def _matrix(features: pa.ChunkedArray) -> Floats:
    """(n, F) from a list column; every row has the declared features."""
    flat = features.combine_chunks().flatten().to_numpy()
    return flat.reshape(len(features), len(FEATURE_NAMES))
