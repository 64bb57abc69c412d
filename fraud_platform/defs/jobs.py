"""Jobs over several stages."""

import dagster as dg

from fraud_platform.defs.models.checks import GATE
from fraud_platform.defs.owners import OWNERS

TRAINING, INFERENCE = {"pipeline": "training"}, {"pipeline": "inference"}

# The gate is a job of its own: registered_model_sensor requests judge_model for each version.
_STAGES = dg.AssetSelection.groups("raw", "decoded", "features", "training", "models")
_FROM_RAW_TO_REGISTRY = _STAGES - dg.AssetSelection.checks(*GATE)

train_fraud_detection_model = dg.define_asset_job(
    "train_fraud_detection_model",
    selection=_FROM_RAW_TO_REGISTRY,
    description=(
        "From Kafka's messages to a registered model: raw tables, features, training set, candidate models. The "
        "sensors have the new version judged, and take it from there. Choose one day, or several, which run as one "
        "Spark job; in the launchpad, candidate_models has the choices of the training. Over the API, a range of days "
        "is one run with the tags dagster/asset_partition_range_start and dagster/asset_partition_range_end."
    ),
    tags=TRAINING,
    owners=OWNERS,
)
refresh_merchant_risk = dg.define_asset_job(
    "refresh_merchant_risk",
    selection=dg.AssetSelection.groups("raw", "decoded") | dg.AssetSelection.assets("merchant_risk"),
    description=(
        "Reads the chosen days from Kafka and computes their merchant_risk, the table that the scorer looks merchants "
        "up in. It trains nothing."
    ),
    tags=INFERENCE,
    owners=OWNERS,
)
collect_predictions = dg.define_asset_job(
    "collect_predictions",
    selection=["scored_transactions", "model_performance", "feature_drift", "score_drift"],
    description=(
        "Stores what the scorer decided on the chosen days, compares its features with batch, and measures each "
        "model version on the predictions whose labels have matured. Says whether features or scores have drifted, the "
        "features where transaction_features has the day."
    ),
    tags=INFERENCE,
    owners=OWNERS,
)
verify_predictions = dg.define_asset_job(
    "verify_predictions",
    selection=dg.AssetSelection.groups("raw", "decoded", "features") | dg.AssetSelection.assets("scored_transactions"),
    description=(
        "Computes the features of the chosen days again in batch, and compares those that the scorer used with them."
    ),
    tags=INFERENCE,
    owners=OWNERS,
)
