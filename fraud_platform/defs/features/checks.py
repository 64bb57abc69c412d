"""Promises of the feature tables, for the days materialised last."""

from datetime import timedelta

import dagster as dg
import numpy as np
import pyarrow.compute as pc

from fraud_platform.core.features.declaration import HISTORY_DAYS
from fraud_platform.core.features.table import FEATURE_NAMES, RISK_WINDOW_DAYS
from fraud_platform.defs.metadata import last_days
from fraud_platform.resources.platform import PlatformResource

_RISK_COLUMNS = [f"merchant_risk_{days}d" for days in RISK_WINDOW_DAYS]


@dg.asset_check(asset="merchant_risk")
def risk_is_a_share(context: dg.AssetCheckExecutionContext, platform: PlatformResource) -> dg.AssetCheckResult:
    """Every risk lies in [0, 1]."""
    risk = platform.lake.read("features/merchant_risk", _RISK_COLUMNS, *last_days(context, "merchant_risk"))
    outside = sum(int((~((v >= 0) & (v <= 1))).sum()) for v in (risk[name].to_numpy() for name in _RISK_COLUMNS))
    return dg.AssetCheckResult(passed=outside == 0, metadata={"rows": len(risk), "outside": outside})


@dg.asset_check(asset="transaction_features")
def values_are_finite(context: dg.AssetCheckExecutionContext, platform: PlatformResource) -> dg.AssetCheckResult:
    """No feature is missing, NaN or infinite."""
    rows = platform.lake.read("features/transactions", FEATURE_NAMES, *last_days(context, "transaction_features"))
    bad = {name: int((~np.isfinite(rows[name].to_numpy())).sum()) for name in FEATURE_NAMES}
    bad = {name: count for name, count in bad.items() if count}
    return dg.AssetCheckResult(passed=not bad, metadata={"rows": len(rows), "not_finite": bad})


@dg.asset_check(asset="transaction_features")
def every_accepted_transaction_has_features(
    context: dg.AssetCheckExecutionContext, platform: PlatformResource
) -> dg.AssetCheckResult:
    """Each accepted transaction id has features, once a history window: a repeat of it is a duplicate."""
    first, last = last_days(context, "transaction_features")
    lake = platform.lake
    accepted = lake.read("raw/transactions", ["transaction_id"], first, last)["transaction_id"]
    earlier = first - timedelta(days=HISTORY_DAYS + 1)
    known = lake.read("features/transactions", ["transaction_id"], earlier, last)["transaction_id"]
    missing = accepted.filter(pc.invert(pc.is_in(accepted, value_set=known.combine_chunks())))
    return dg.AssetCheckResult(
        passed=len(missing) == 0,
        metadata={"accepted": len(accepted), "missing": len(missing), "examples": missing[:5].to_pylist()},
    )
