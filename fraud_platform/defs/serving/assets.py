"""Serving: the model in force, and what it decided."""

import time

import dagster as dg
from pydantic import Field

from fraud_platform.defs.metadata import daily_table
from fraud_platform.defs.partitions import DAILY, ONE_RUN, days_of
from fraud_platform.defs.serving.messages import PREDICTION, prediction_rows
from fraud_platform.resources.platform import PlatformResource
from fraud_platform.resources.spark import LazySpark
from fraud_platform.storage.promotion import promote
from fraud_platform.storage.spark import replace_days
from fraud_platform.storage.topic_days import read_topic_days, topic_days


class DeployedModelConfig(dg.Config):
    """The version to serve."""

    version: int = Field(ge=1, description="Version of the registered model, as MLflow counts them.")
    reason: str = Field("launched by hand", description="Why; it is written on the version in MLflow.")


@dg.asset(group_name="serving", kinds={"mlflow", "kafka"}, deps=["registered_model"])
def deployed_model(
    context: dg.AssetExecutionContext, config: DeployedModelConfig, platform: PlatformResource
) -> dg.MaterializeResult:
    """The champion, acknowledged by the running scorer; without that the alias moves back and the run fails."""
    context.log.info("waiting for the scorer to take version %s", config.version)
    by = f"Dagster run {context.run.run_id}"
    promoted = promote(platform.settings, platform.registry, config.version, by=by, reason=config.reason)
    return dg.MaterializeResult(
        metadata={
            "version": config.version,
            "version_before": promoted.before,
            "reason": config.reason,
            "first_offsets": promoted.event.from_offsets or {},
            "scorer": promoted.event.scorer_id,
            "seconds_to_take_over": promoted.seconds,
        }
    )


@dg.asset(
    group_name="serving",
    kinds={"spark", "deltalake"},
    partitions_def=DAILY,
    backfill_policy=ONE_RUN,
    pool="scored_transactions",
    deps=["fraud_predictions_topic"],
)
def scored_transactions(
    context: dg.AssetExecutionContext, platform: PlatformResource, spark: dg.ResourceParam[LazySpark]
) -> dg.MaterializeResult:
    """Predictions by the day they were made, with the features, model version and source offset of each."""
    started = time.monotonic()
    settings, lake = platform.settings, platform.lake
    days = topic_days(settings, settings.kafka_predictions_topic, *days_of(context))
    rows = read_topic_days(spark.session, settings, days, prediction_rows, PREDICTION)
    replace_days(rows, lake, "serving/predictions", days.first, days.last, days.messages)
    numbers = daily_table(lake, "serving/predictions", days.first, days.last, started)
    return dg.MaterializeResult(metadata={**numbers, "offset_ranges": days.offsets})
