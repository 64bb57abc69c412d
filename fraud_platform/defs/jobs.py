"""Jobs over several stages."""

import dagster as dg

_FROM_RAW_TO_REGISTRY = dg.AssetSelection.groups("raw", "features", "training", "models")

train_fraud_detection_model = dg.define_asset_job(
    "train_fraud_detection_model",
    selection=_FROM_RAW_TO_REGISTRY,
    description=(
        "Kafka to registered model. Launch it for one day, or for a range of days as one run with the tags "
        "dagster/asset_partition_range_start and dagster/asset_partition_range_end."
    ),
)
refresh_merchant_risk = dg.define_asset_job(
    "refresh_merchant_risk",
    selection=["raw_transactions", "raw_labels", "raw_rejected", "merchant_risk"],
    description="The days' messages, and the merchant_risk tables that the scorer looks merchants up in.",
)
collect_predictions = dg.define_asset_job(
    "collect_predictions",
    selection=["scored_transactions", "model_performance"],
    description="The scorer's decisions into the lake, held against batch features and matured labels.",
)
verify_predictions = dg.define_asset_job(
    "verify_predictions",
    selection=dg.AssetSelection.groups("raw", "features") | dg.AssetSelection.assets("scored_transactions"),
    description="Features of the days computed again in batch, and the scorer's held against them.",
)
ALL = [train_fraud_detection_model, refresh_merchant_risk, collect_predictions, verify_predictions]
