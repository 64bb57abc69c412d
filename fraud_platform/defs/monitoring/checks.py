"""Promises about drift, for the days materialised last. They warn: what comes after goes on."""

import dagster as dg

from fraud_platform.defs.metadata import last_days, last_materialisation
from fraud_platform.defs.monitoring.assets import NOT_COMPARED
from fraud_platform.monitoring.drift_report import drift_report
from fraud_platform.pipeline import tables
from fraud_platform.resources.platform import PlatformResource
from fraud_platform.storage.lake import Table


@dg.asset_check(asset="feature_drift")
def features_have_not_drifted(
    context: dg.AssetCheckExecutionContext, platform: PlatformResource
) -> dg.AssetCheckResult:
    """Each feature of the champion is spread as when it was trained, and no more messages are rejected."""
    return _result(context, platform, tables.FEATURE_DRIFT, "feature")


@dg.asset_check(asset="score_drift")
def scores_have_not_drifted(context: dg.AssetCheckExecutionContext, platform: PlatformResource) -> dg.AssetCheckResult:
    """Each version gives probabilities and alerts as on the rows that it was judged on."""
    return _result(context, platform, tables.SCORE_DRIFT, "measure")


def _result(
    context: dg.AssetCheckExecutionContext, platform: PlatformResource, table: Table, name: str
) -> dg.AssetCheckResult:
    """A comparison of nothing does not pass."""
    not_compared = last_materialisation(context, dg.AssetKey(table.asset)).get(NOT_COMPARED, [])
    report = drift_report(platform.lake, table, name, *last_days(context, table.asset), not_compared)
    return dg.AssetCheckResult(
        passed=report.passed,
        severity=dg.AssetCheckSeverity.WARN,
        description=report.sentence,
        metadata=report.numbers,
    )
