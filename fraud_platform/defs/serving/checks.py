"""Promises of the stored predictions, for the days materialised last."""

import dagster as dg

from fraud_platform.defs.metadata import last_days
from fraud_platform.resources.platform import PlatformResource
from fraud_platform.storage.parity import stream_parity
from fraud_platform.storage.repeats import repeated_predictions


@dg.asset_check(asset="scored_transactions", blocking=True, additional_deps=["transaction_features", "merchant_risk"])
def features_match_stream(context: dg.AssetCheckExecutionContext, platform: PlatformResource) -> dg.AssetCheckResult:
    """The features that the scorer decided on are the ones that the batch assets compute."""
    result = stream_parity(platform.lake, *last_days(context, "scored_transactions"))
    unknown = f"; {result.unknown} scored transactions have no batch features" if result.unknown else ""
    return dg.AssetCheckResult(
        passed=result.holds,
        description=f"{result.parity}{unknown}" if result.scored else "no scored rows yet",
        metadata={
            "scored": result.scored,
            "compared": result.parity.rows,
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
    predictions = platform.lake.row_count("serving/predictions", *days)
    return dg.AssetCheckResult(passed=repeated == 0, metadata={"predictions": predictions, "repeated": repeated})
