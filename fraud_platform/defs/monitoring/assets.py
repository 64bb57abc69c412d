"""Monitoring: what the models in force turned out to be worth, and whether their input or scores have drifted."""

import time
from datetime import date

import dagster as dg

from fraud_platform.defs.columns import schema_of
from fraud_platform.defs.metadata import daily_table, image
from fraud_platform.defs.partitions import DAILY, LABEL_DELAY_DAYS, ONE_RUN, days_before, days_of
from fraud_platform.monitoring.drift import Drift, feature_drift_of_days, score_drift_of_days
from fraud_platform.monitoring.drift_report import drift_plot
from fraud_platform.monitoring.live_performance import performance_of_days
from fraud_platform.operations.aliases import CHAMPION
from fraud_platform.pipeline import tables
from fraud_platform.resources.platform import PlatformResource
from fraud_platform.storage.lake import Table

_SCORED_DAYS_AGO = LABEL_DELAY_DAYS + 1
NOT_COMPARED = "not_compared"
"""Metadata of the drift assets: why days are missing from the table."""


@dg.asset(
    group_name="monitoring",
    kinds={"deltalake"},
    partitions_def=DAILY,
    backfill_policy=ONE_RUN,
    pool="model_performance",
    metadata=schema_of(tables.PERFORMANCE),
    deps=[
        dg.AssetDep("scored_transactions", partition_mapping=days_before(_SCORED_DAYS_AGO, _SCORED_DAYS_AGO)),
        dg.AssetDep("labels", partition_mapping=days_before(_SCORED_DAYS_AGO, 1)),
    ],
)
def model_performance(context: dg.AssetExecutionContext, platform: PlatformResource) -> dg.MaterializeResult:
    """Precision, recall and average precision of each version, on the predictions whose labels mature on the day."""
    started = time.monotonic()
    first, last = days_of(context)
    performance = performance_of_days(platform.lake, first, last, platform.settings.label_delay_days)
    platform.lake.replace_days(tables.PERFORMANCE, performance.rows, first, last)
    numbers = daily_table(platform.lake, tables.PERFORMANCE, first, last, started)
    return dg.MaterializeResult(metadata={**numbers, "reports_ambiguous": performance.ambiguous})


@dg.asset(
    group_name="monitoring",
    kinds={"deltalake"},
    partitions_def=DAILY,
    backfill_policy=ONE_RUN,
    pool="feature_drift",
    metadata=schema_of(tables.FEATURE_DRIFT),
    deps=["transaction_features", "rejected"],
)
def feature_drift(context: dg.AssetExecutionContext, platform: PlatformResource) -> dg.MaterializeResult:
    """The champion's features on the day against those that it was judged on, bin by bin; and rejected messages."""
    started = time.monotonic()
    first, last = days_of(context)
    champion, topic = platform.registry.version(CHAMPION), platform.settings.kafka_topic
    drift = feature_drift_of_days(platform.lake, platform.registry, champion, topic, first, last)
    return _stored(context, platform, tables.FEATURE_DRIFT, drift, "feature", first, last, started)


@dg.asset(
    group_name="monitoring",
    kinds={"deltalake"},
    partitions_def=DAILY,
    backfill_policy=ONE_RUN,
    pool="score_drift",
    metadata=schema_of(tables.SCORE_DRIFT),
    deps=["scored_transactions"],
)
def score_drift(context: dg.AssetExecutionContext, platform: PlatformResource) -> dg.MaterializeResult:
    """The probabilities and alerts of each version on the day against those of the rows that it was judged on."""
    started = time.monotonic()
    first, last = days_of(context)
    drift = score_drift_of_days(platform.lake, platform.registry, first, last)
    return _stored(context, platform, tables.SCORE_DRIFT, drift, "measure", first, last, started)


def _stored(
    context: dg.AssetExecutionContext,
    platform: PlatformResource,
    table: Table,
    drift: Drift,
    name: str,
    first: date,
    last: date,
    started: float,
) -> dg.MaterializeResult:
    platform.lake.replace_days(table, drift.rows, first, last)
    for reason in drift.not_compared:
        context.log.warning("not compared: %s", reason)
    numbers = daily_table(platform.lake, table, first, last, started)
    rows = drift.rows.to_pylist()
    plot = {"drift": image("drift", drift_plot(rows, name))} if rows else {}
    drifted = sum(row["drifted"] for row in rows)
    return dg.MaterializeResult(metadata={**numbers, "drifted": drifted, NOT_COMPARED: drift.not_compared, **plot})
