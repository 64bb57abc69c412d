"""Feature tables: merchants as of the start of a day, and every accepted transaction."""

import time
from datetime import date, timedelta
from functools import partial

import dagster as dg

from fraud_platform.core.features.matured_lookup import VALUE
from fraud_platform.declared import FEATURE_SET
from fraud_platform.defs.columns import lineage_of_features, schema_of
from fraud_platform.defs.metadata import daily_table
from fraud_platform.defs.partitions import DAILY, LABEL_DELAY_DAYS, ONE_RUN, days_before, days_of
from fraud_platform.messages.arrow_schemas import TRANSACTION
from fraud_platform.pipeline import customer_features as customers
from fraud_platform.pipeline import merchant_risk as merchants
from fraud_platform.pipeline import tables, velocity
from fraud_platform.pipeline.bucketed_shuffle import bucket_count, shuffle, shuffle_again
from fraud_platform.resources.platform import PlatformResource
from fraud_platform.resources.spark import LazySpark
from fraud_platform.storage.lake import Lake, Table
from fraud_platform.storage.spark import on_packed, replace_days_by

_RISK_LOOK_BACK = merchants.look_back_days(LABEL_DELAY_DAYS)


@dg.asset(
    group_name="features",
    kinds={"spark", "deltalake"},
    partitions_def=DAILY,
    backfill_policy=ONE_RUN,
    pool="merchant_risk",
    metadata=schema_of(tables.MERCHANT_RISK),
    deps=[
        dg.AssetDep("transactions", partition_mapping=days_before(_RISK_LOOK_BACK, LABEL_DELAY_DAYS + 1)),
        dg.AssetDep("labels", partition_mapping=days_before(_RISK_LOOK_BACK + merchants.REPORT_LEAD_DAYS, 1)),
    ],
)
def merchant_risk(
    context: dg.AssetExecutionContext, platform: PlatformResource, spark: dg.ResourceParam[LazySpark]
) -> dg.MaterializeResult:
    """What is known of merchants, and of whatever else the declaration says, at the start of the day."""
    started = time.monotonic()
    first, last = days_of(context)
    lake, delay = platform.lake, platform.settings.label_delay_days
    if not FEATURE_SET.matured:
        return _none_declared(lake, tables.MERCHANT_RISK, first, last, started)
    transaction_days = merchants.transaction_days(first, last, delay)
    report_days = merchants.report_days(first, last, delay)
    buckets = bucket_count(platform.settings, lake, *transaction_days)
    read = partial(merchants.transactions_and_reports, lake, transaction_days)
    arrived = shuffle(spark.session, read, *report_days, "transaction_id", buckets)
    ambiguous = spark.session.sparkContext.accumulator(0)
    reported = shuffle_again(arrived, partial(merchants.reported, on_ambiguous=ambiguous.add), VALUE, buckets)
    risk = on_packed(partial(merchants.risk_of_entities, first=first, last=last, delay_days=delay))
    # Never more rows than transactions times days in the window, and far fewer where merchants sell.
    count = len(FEATURE_SET.matured) * lake.row_count(tables.TRANSACTIONS, *transaction_days)
    replace_days_by(risk, reported, lake, tables.MERCHANT_RISK, first, last, count)
    numbers = daily_table(lake, tables.MERCHANT_RISK, first, last, started)
    return dg.MaterializeResult(metadata={**numbers, "reports_ambiguous": ambiguous.value})


@dg.asset(
    name="velocity",
    group_name="features",
    kinds={"spark", "deltalake"},
    partitions_def=DAILY,
    backfill_policy=ONE_RUN,
    pool="velocity",
    metadata=schema_of(tables.VELOCITY),
    deps=[dg.AssetDep("transactions", partition_mapping=days_before(velocity.LOOK_BACK_DAYS, 0))],
)
def entity_velocity(
    context: dg.AssetExecutionContext, platform: PlatformResource, spark: dg.ResourceParam[LazySpark]
) -> dg.MaterializeResult:
    """How often, and by how many customers, each transaction's merchant and device were met shortly before.

    Of whatever entities the declaration has velocities.
    """
    started = time.monotonic()
    first, last = days_of(context)
    lake = platform.lake
    if not FEATURE_SET.velocity.entities:
        return _none_declared(lake, tables.VELOCITY, first, last, started)
    from_day = first - timedelta(days=velocity.LOOK_BACK_DAYS)
    read = partial(lake.read, tables.TRANSACTIONS, TRANSACTION.names)
    buckets = bucket_count(platform.settings, lake, from_day, last)
    transactions = shuffle(spark.session, read, from_day, last, FEATURE_SET.key, buckets)
    entity_events = shuffle_again(transactions, partial(velocity.entity_event_rows, first=first), "entity", buckets)
    values = on_packed(partial(velocity.velocity_rows, first=first))
    count = len(FEATURE_SET.velocity.entities) * lake.row_count(tables.TRANSACTIONS, first, last)
    replace_days_by(values, entity_events, lake, tables.VELOCITY, first, last, count)
    return dg.MaterializeResult(metadata=daily_table(lake, tables.VELOCITY, first, last, started))


@dg.asset(
    group_name="features",
    kinds={"spark", "deltalake"},
    partitions_def=DAILY,
    backfill_policy=ONE_RUN,
    pool="transaction_features",
    metadata=schema_of(tables.FEATURES),
    deps=[
        dg.AssetDep("transactions", partition_mapping=days_before(customers.LOOK_BACK_DAYS, 0)),
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
    transactions = shuffle(spark.session, read, from_day, last, FEATURE_SET.key, buckets)
    features = on_packed(partial(customers.feature_rows, first=first))
    count = lake.row_count(tables.TRANSACTIONS, first, last)
    replace_days_by(features, transactions, lake, tables.FEATURES, first, last, count)
    numbers = daily_table(lake, tables.FEATURES, first, last, started)
    return dg.MaterializeResult(metadata={**numbers, **lineage_of_features(), "feature_set": FEATURE_SET.hash})


def _none_declared(lake: Lake, table: Table, first: date, last: date, started: float) -> dg.MaterializeResult:
    """The table without rows of the days: DECLARATION has no features that would be looked up in it."""
    lake.replace_days(table, table.schema.empty_table(), first, last)
    numbers = daily_table(lake, table, first, last, started)
    return dg.MaterializeResult(metadata={**numbers, "declared": f"no features of {table.asset}"})
