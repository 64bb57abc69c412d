"""Monitoring: what the models in force turned out to be worth."""

import time

import dagster as dg

from fraud_platform.defs.metadata import daily_table
from fraud_platform.defs.partitions import DAILY, LABEL_DELAY_DAYS, ONE_RUN, days_before, days_of
from fraud_platform.monitoring.live_performance import performance_of_days
from fraud_platform.pipeline import tables
from fraud_platform.resources.platform import PlatformResource

_SCORED_DAYS_AGO = LABEL_DELAY_DAYS + 1


@dg.asset(
    group_name="monitoring",
    kinds={"deltalake"},
    partitions_def=DAILY,
    backfill_policy=ONE_RUN,
    pool="model_performance",
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
