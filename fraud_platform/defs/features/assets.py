"""Feature tables: merchants as of the start of a day, and every accepted transaction."""

import time
from datetime import timedelta
from functools import partial

import dagster as dg

from fraud_platform.core.features.merchant_risk import look_back_days
from fraud_platform.core.features.table import feature_set_hash
from fraud_platform.core.features.visits import ENTITIES
from fraud_platform.defs.features import customers, merchants, velocity
from fraud_platform.defs.features.buckets import bucket_count
from fraud_platform.defs.metadata import daily_table
from fraud_platform.defs.partitions import DAILY, LABEL_DELAY_DAYS, ONE_RUN, days_before, days_of
from fraud_platform.resources.platform import PlatformResource
from fraud_platform.resources.spark import LazySpark
from fraud_platform.storage.packed import deal, deal_again
from fraud_platform.storage.spark import on_packed, replace_days_by
from fraud_platform.storage.transactions import EVENT_SCHEMA

_RISK_LOOK_BACK = look_back_days(LABEL_DELAY_DAYS)


@dg.asset(
    group_name="features",
    kinds={"spark", "deltalake"},
    partitions_def=DAILY,
    backfill_policy=ONE_RUN,
    pool="merchant_risk",
    deps=[
        dg.AssetDep("raw_transactions", partition_mapping=days_before(_RISK_LOOK_BACK, LABEL_DELAY_DAYS + 1)),
        dg.AssetDep("raw_labels", partition_mapping=days_before(_RISK_LOOK_BACK + merchants.REPORT_LEAD_DAYS, 1)),
    ],
)
def merchant_risk(
    context: dg.AssetExecutionContext, platform: PlatformResource, spark: dg.ResourceParam[LazySpark]
) -> dg.MaterializeResult:
    """Merchants with their transactions, fraud share and mean amount, as known at the start of the day."""
    started = time.monotonic()
    first, last = days_of(context)
    lake, delay = platform.lake, platform.settings.label_delay_days
    transaction_days = merchants.transaction_days(first, last, delay)
    report_days = merchants.report_days(first, last, delay)
    buckets = bucket_count(platform.settings, lake, *transaction_days)
    read = partial(merchants.transactions_and_reports, lake, transaction_days)
    arrived = deal(spark.session, read, *report_days, "transaction_id", buckets)
    reported = deal_again(arrived, merchants.reported, "merchant_id", buckets)
    risk = on_packed(partial(merchants.risk_of_merchants, first=first, last=last, delay_days=delay))
    # Never more rows than transactions times days in the window, and far fewer where merchants sell.
    count = lake.row_count("raw/transactions", *transaction_days)
    replace_days_by(risk, merchants.ROWS, reported, lake, "features/merchant_risk", first, last, count)
    return dg.MaterializeResult(metadata=daily_table(lake, "features/merchant_risk", first, last, started))


@dg.asset(
    name="velocity",
    group_name="features",
    kinds={"spark", "deltalake"},
    partitions_def=DAILY,
    backfill_policy=ONE_RUN,
    pool="velocity",
    deps=[dg.AssetDep("raw_transactions", partition_mapping=days_before(velocity.LOOK_BACK_DAYS, 0))],
)
def entity_velocity(
    context: dg.AssetExecutionContext, platform: PlatformResource, spark: dg.ResourceParam[LazySpark]
) -> dg.MaterializeResult:
    """How often, and by how many customers, each transaction's merchant and device were visited shortly before."""
    started = time.monotonic()
    first, last = days_of(context)
    lake = platform.lake
    from_day = first - timedelta(days=velocity.LOOK_BACK_DAYS)
    read = partial(lake.read, "raw/transactions", EVENT_SCHEMA.names)
    buckets = bucket_count(platform.settings, lake, from_day, last)
    transactions = deal(spark.session, read, from_day, last, "customer_id", buckets)
    visits = deal_again(transactions, partial(velocity.visit_rows, first=first), "entity", buckets)
    values = on_packed(partial(velocity.velocity_rows, first=first))
    count = len(ENTITIES) * lake.row_count("raw/transactions", first, last)
    replace_days_by(values, velocity.ROWS, visits, lake, "features/velocity", first, last, count)
    return dg.MaterializeResult(metadata=daily_table(lake, "features/velocity", first, last, started))


@dg.asset(
    group_name="features",
    kinds={"spark", "deltalake"},
    partitions_def=DAILY,
    backfill_policy=ONE_RUN,
    pool="transaction_features",
    deps=[
        dg.AssetDep("raw_transactions", partition_mapping=days_before(customers.LOOK_BACK_DAYS, 0)),
        "merchant_risk",
        "velocity",
    ],
)
def transaction_features(
    context: dg.AssetExecutionContext, platform: PlatformResource, spark: dg.ResourceParam[LazySpark]
) -> dg.MaterializeResult:
    """All declared features of every accepted transaction, duplicates left out."""
    started = time.monotonic()
    first, last = days_of(context)
    lake = platform.lake
    from_day = first - timedelta(days=customers.LOOK_BACK_DAYS)
    read = partial(customers.transactions_with_tables, lake, first)
    buckets = bucket_count(platform.settings, lake, from_day, last)
    transactions = deal(spark.session, read, from_day, last, "customer_id", buckets)
    features = on_packed(partial(customers.feature_rows, first=first))
    count = lake.row_count("raw/transactions", first, last)
    replace_days_by(features, customers.ROWS, transactions, lake, "features/transactions", first, last, count)
    numbers = daily_table(lake, "features/transactions", first, last, started)
    return dg.MaterializeResult(metadata={**numbers, "feature_set": feature_set_hash()})
