"""Promises of the feature tables, for the days materialised last."""

import dagster as dg

from fraud_platform.defs.metadata import last_days
from fraud_platform.operations.account import account_of_transactions
from fraud_platform.pipeline.feature_checks import (
    risks_outside_zero_and_one,
    transactions_without_features,
    values_that_are_not_finite,
)
from fraud_platform.resources.platform import PlatformResource


@dg.asset_check(asset="merchant_risk")
def risk_is_a_share(context: dg.AssetCheckExecutionContext, platform: PlatformResource) -> dg.AssetCheckResult:
    """Every risk lies in [0, 1]."""
    broken = risks_outside_zero_and_one(platform.lake, *last_days(context, "merchant_risk"))
    return dg.AssetCheckResult(
        passed=not broken.values, metadata={"rows": broken.rows, "outside": sum(broken.values.values())}
    )


@dg.asset_check(asset="transaction_features")
def values_are_finite(context: dg.AssetCheckExecutionContext, platform: PlatformResource) -> dg.AssetCheckResult:
    """No feature is missing, NaN or infinite."""
    broken = values_that_are_not_finite(platform.lake, *last_days(context, "transaction_features"))
    return dg.AssetCheckResult(passed=not broken.values, metadata={"rows": broken.rows, "not_finite": broken.values})


@dg.asset_check(asset="transaction_features")
def every_accepted_transaction_has_features(
    context: dg.AssetCheckExecutionContext, platform: PlatformResource
) -> dg.AssetCheckResult:
    """Each accepted transaction id has features, once a history window: a repeat of it is a duplicate."""
    found = transactions_without_features(platform.lake, *last_days(context, "transaction_features"))
    return dg.AssetCheckResult(
        passed=not found.missing,
        metadata={"accepted": found.accepted, "missing": len(found.missing), "examples": found.missing[:5]},
    )


@dg.asset_check(asset="transaction_features")
def books_balance(context: dg.AssetCheckExecutionContext, platform: PlatformResource) -> dg.AssetCheckResult:
    """Each offset of the days is a message or none, each message accepted or rejected, each accepted one computed.

    `fraud account` tells the same of all days, day by day.
    """
    first, last = last_days(context, "transaction_features")
    account = account_of_transactions(platform.settings, platform.lake, first, last)
    totals = {str(name): int(total) for name, total in account.books.sum().items() if name != "noted"}
    return dg.AssetCheckResult(
        passed=account.balances,
        description="; ".join(account.gaps[:10]) or None,
        metadata={**totals, "gaps": len(account.gaps), "missing": list(account.gaps[:100])},
    )
