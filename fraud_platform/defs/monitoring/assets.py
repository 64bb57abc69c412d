"""Monitoring: what the models in force turned out to be worth."""

import time
from datetime import date, timedelta

import dagster as dg
import pyarrow as pa

from fraud_platform.core.performance import PERFORMANCE, live_performance
from fraud_platform.core.time import day_of
from fraud_platform.defs.metadata import daily_table
from fraud_platform.defs.partitions import DAILY, LABEL_DELAY_DAYS, ONE_RUN, days_before, days_of
from fraud_platform.resources.platform import PlatformResource
from fraud_platform.storage.lake import Lake
from fraud_platform.storage.transactions import read_reports

_SCORED_DAYS_AGO = LABEL_DELAY_DAYS + 1
_PREDICTION_COLUMNS = ["model_version", "transaction_id", "is_fraud", "probability", "event_time_ms"]


@dg.asset(
    group_name="monitoring",
    kinds={"deltalake"},
    partitions_def=DAILY,
    backfill_policy=ONE_RUN,
    pool="model_performance",
    deps=[
        dg.AssetDep("scored_transactions", partition_mapping=days_before(_SCORED_DAYS_AGO, _SCORED_DAYS_AGO)),
        dg.AssetDep("raw_labels", partition_mapping=days_before(_SCORED_DAYS_AGO, 1)),
    ],
)
def model_performance(context: dg.AssetExecutionContext, platform: PlatformResource) -> dg.MaterializeResult:
    """Precision, recall and average precision of each version, on the predictions whose labels mature on the day."""
    started = time.monotonic()
    first, last = days_of(context)
    days = [first + timedelta(days=i) for i in range((last - first).days + 1)]
    rows = pa.concat_tables(
        [
            PERFORMANCE.empty_table(),
            *(_performance_of(platform.lake, day, platform.settings.label_delay_days) for day in days),
        ]
    )
    platform.lake.replace_days("monitoring/performance", rows, first, last)
    return dg.MaterializeResult(metadata=daily_table(platform.lake, "monitoring/performance", first, last, started))


def _performance_of(lake: Lake, as_of: date, delay_days: int) -> pa.Table:
    scored_day = as_of - timedelta(days=delay_days + 1)
    predictions = lake.read("serving/predictions", _PREDICTION_COLUMNS, scored_day, scored_day).to_pandas()
    if predictions.empty:
        return PERFORMANCE.empty_table()
    # What is scored late, after an outage or as it came late, may have been reported before.
    earliest = day_of(int(predictions["event_time_ms"].min()))
    reports = read_reports(lake, earliest, as_of - timedelta(days=1))
    return live_performance(predictions, reports, scored_day, as_of)
