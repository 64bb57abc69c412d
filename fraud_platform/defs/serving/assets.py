"""Serving: the model in force, and what it decided."""

import time
from functools import partial

import dagster as dg

from fraud_platform.defs.columns import schema_of
from fraud_platform.defs.metadata import daily_table
from fraud_platform.defs.owners import OWNERS
from fraud_platform.defs.partitions import DAILY, ONE_RUN, days_of
from fraud_platform.pipeline import tables
from fraud_platform.pipeline.prediction_rows import prediction_rows
from fraud_platform.pipeline.topic_days import topic_days
from fraud_platform.pipeline.topic_table import store_days
from fraud_platform.resources.platform import PlatformResource
from fraud_platform.resources.spark import LazySpark

deployed_model = dg.AssetSpec(
    "deployed_model",
    group_name="serving",
    kinds={"mlflow", "kafka"},
    deps=["registered_model"],
    owners=OWNERS,
    description=(
        "The champion that the scorer has taken, whoever made it so: promote_model, rollback_model, `fraud promote`, "
        "`fraud rollback`, or a person in MLflow. deployment_sensor materialises it from the ledger, `scorer_events`."
    ),
)


@dg.asset(
    group_name="serving",
    kinds={"spark", "deltalake"},
    partitions_def=DAILY,
    backfill_policy=ONE_RUN,
    pool="scored_transactions",
    metadata=schema_of(tables.PREDICTIONS),
    deps=["fraud_predictions_topic"],
)
def scored_transactions(
    context: dg.AssetExecutionContext, platform: PlatformResource, spark: dg.ResourceParam[LazySpark]
) -> dg.MaterializeResult:
    """Predictions by the day they were made, with the features, model version and source offset of each."""
    started = time.monotonic()
    settings, lake = platform.settings, platform.lake
    days = topic_days(settings, lake, settings.kafka_predictions_topic, *days_of(context))
    decoder = partial(prediction_rows, days.topic)
    stored = store_days(lambda: spark.session, settings, lake, tables.PREDICTIONS, days, decoder)
    if stored.kept:
        context.log.warning("Kafka no longer has %s messages of %s: their rows were kept", stored.kept, days.topic)
    numbers = daily_table(lake, tables.PREDICTIONS, days.first, days.last, started)
    if stored.skipped:
        context.log.warning("%s messages of %s are no predictions and have no row", stored.skipped, days.topic)
    return dg.MaterializeResult(
        metadata={
            **numbers,
            "offset_ranges": days.offsets,
            "rows_kept": stored.kept,
            "messages_skipped": stored.skipped,
        }
    )
