"""Promises of the stored predictions, for the days materialised last."""

import dagster as dg

from fraud_platform.defs.metadata import last_days
from fraud_platform.defs.models.gate import COMPARED, NEWEST_SCORED_AT
from fraud_platform.operations.duplicate_predictions import repeated_predictions
from fraud_platform.operations.parity import stream_parity
from fraud_platform.pipeline import tables
from fraud_platform.resources.platform import PlatformResource


@dg.asset_check(asset="scored_transactions", blocking=True, additional_deps=["transaction_features", "merchant_risk"])
def features_match_stream(context: dg.AssetCheckExecutionContext, platform: PlatformResource) -> dg.AssetCheckResult:
    """The features that the scorer decided on are the ones that the batch assets compute."""
    result = stream_parity(platform.lake, *last_days(context, "scored_transactions"))
    newest_ms = result.newest_scored_at_ms
    return dg.AssetCheckResult(
        passed=result.holds,
        # Nothing to compare is no agreement, but no reason to hold up what comes after, either.
        severity=dg.AssetCheckSeverity.WARN if result.agrees else dg.AssetCheckSeverity.ERROR,
        description=str(result),
        metadata={
            "scored": result.scored,
            COMPARED: result.parity.rows,
            **({NEWEST_SCORED_AT: dg.MetadataValue.timestamp(newest_ms / 1000)} if newest_ms else {}),
            "not_yet_in_batch": result.not_yet_in_batch,
            "unknown_to_batch": result.unknown,
            "max_difference": result.parity.max_difference,
            "differing_features": {name: result.parity.largest[name] for name in result.parity.differing},
        },
    )


@dg.asset_check(asset="scored_transactions")
def every_prediction_is_made_once(
    context: dg.AssetCheckExecutionContext, platform: PlatformResource
) -> dg.AssetCheckResult:
    """No source offset of the days has two predictions, on whatever days they were made."""
    days = last_days(context, "scored_transactions")
    repeated = repeated_predictions(platform.lake, *days)
    predictions = platform.lake.row_count(tables.PREDICTIONS, *days)
    return dg.AssetCheckResult(passed=repeated == 0, metadata={"predictions": predictions, "repeated": repeated})
