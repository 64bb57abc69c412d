"""The promises of the feature tables, over a small lake: kept, and broken in each way."""

from datetime import date, timedelta

import dagster as dg
import numpy as np
import pyarrow as pa
import pytest

from fraud_platform.core.features.declaration import HISTORY_DAYS
from fraud_platform.defs.features.checks import (
    every_accepted_transaction_has_features,
    risk_is_a_share,
    values_are_finite,
)
from fraud_platform.pipeline import tables
from fraud_platform.resources.platform import PlatformResource
from fraud_platform.storage.lake import Table
from fraud_platform_tests.support.asset_checks import passes
from fraud_platform_tests.support.simulated_world import FEATURE_NAMES, MERCHANT_FEATURES

DAY = date(2026, 5, 2)
LONG_AGO = DAY - timedelta(days=HISTORY_DAYS + 2)
RISKS = [f.name for f in MERCHANT_FEATURES if f.unit == "share"]
GOOD = {
    tables.TRANSACTIONS: pa.table({"date": pa.repeat(DAY, 3), "transaction_id": ["a", "b", "sent again"]}),
    tables.FEATURES: pa.table(
        {
            "date": pa.array([LONG_AGO, DAY - timedelta(days=3), DAY, DAY]),
            "transaction_id": ["long ago", "sent again", "a", "b"],
            **{name: np.arange(4.0) for name in FEATURE_NAMES},
        }
    ),
    tables.MERCHANT_RISK: pa.table({"date": pa.repeat(DAY, 2), **{name: [0.0, 1.0] for name in RISKS}}),
}
TABLE_OF = {
    risk_is_a_share: tables.MERCHANT_RISK,
    values_are_finite: tables.FEATURES,
    every_accepted_transaction_has_features: tables.TRANSACTIONS,
}


def kept(folder, check: dg.AssetChecksDefinition, lake: dict[Table, pa.Table]) -> bool:
    platform = PlatformResource(overrides={"data_dir": str(folder)})
    for table, rows in lake.items():
        platform.lake.replace_days(table, rows, LONG_AGO, DAY)
    asset = next(iter(check.check_keys)).asset_key.to_user_string()
    return passes(check, platform, asset, first_day=str(DAY), last_day=str(DAY))


def changed(name: str, value: float | str | None, column: str) -> dict[str, pa.Table]:
    """The good tables, but for the last row's value in one column of one."""
    rows = GOOD[name]
    values = pa.array([*rows[column].to_pylist()[:-1], value], rows[column].type)
    return {**GOOD, name: rows.set_column(rows.column_names.index(column), column, values)}


@pytest.mark.parametrize("check", TABLE_OF, ids=lambda check: next(iter(check.check_keys)).name)
def test_good_rows_pass(tmp_path, check):
    assert kept(tmp_path, check, GOOD)


@pytest.mark.parametrize(
    ("check", "column", "value"),
    [
        (risk_is_a_share, RISKS[0], 1.01),
        (risk_is_a_share, RISKS[-1], -0.01),
        (risk_is_a_share, RISKS[1], float("nan")),
        (values_are_finite, FEATURE_NAMES[0], float("nan")),
        (values_are_finite, FEATURE_NAMES[-1], float("inf")),
        (values_are_finite, FEATURE_NAMES[7], None),
        (every_accepted_transaction_has_features, "transaction_id", "lost"),
        (every_accepted_transaction_has_features, "transaction_id", "long ago"),
    ],
    ids=[
        "a risk over 1",
        "a risk below 0",
        "no risk",
        "not a number",
        "infinite",
        "missing",
        "without features",
        "with features longer ago than a repeat counts as one",
    ],
)
def test_a_broken_promise_is_noticed(tmp_path, check, column, value):
    assert not kept(tmp_path, check, changed(TABLE_OF[check], value, column))
