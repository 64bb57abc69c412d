"""A small lake for tests of training: simulated transactions with the kernel's features, and their fraud reports."""

from datetime import date, timedelta
from functools import cache

import numpy as np
import pandas as pd
import pyarrow as pa

from fraud_platform.core.simulation.days import simulate_day
from fraud_platform.core.simulation.world import World
from fraud_platform.core.time import DAY_MS
from fraud_platform.messages.arrow_schemas import TRANSACTION
from fraud_platform.pipeline import tables
from fraud_platform.storage.lake import Lake
from fraud_platform_tests.support.simulated_world import (
    CUSTOMER_FEATURES,
    FEATURE_SET,
    KERNEL,
    LAYOUT,
    MERCHANT_FEATURES,
    VELOCITY_FEATURES,
)
from fraud_platform_tests.support.velocity_at_once import velocities_at_once

FIRST_DAY, DAYS = date(2026, 3, 1), 30
LAST_DAY = FIRST_DAY + timedelta(days=DAYS - 1)
PARTITIONS = 2
SPLIT = {"label_delay_days": 3, "validation_days": 5, "test_days": 5}
"""Settings under which the days are enough to train on: train 11, validation 5, test 5."""


def fill(lake: Lake, feature_set: str | None = None) -> None:
    """Write features/transactions and labels."""
    lake.replace_days(tables.FEATURES, feature_rows(feature_set or FEATURE_SET.hash), FIRST_DAY, LAST_DAY)
    lake.replace_days(tables.LABELS, report_rows(), FIRST_DAY, LAST_DAY)


def fill_transactions(lake: Lake) -> None:
    """Write transactions, of which features/transactions are."""
    frame = simulated().assign(kafka_timestamp_ms=simulated()["event_time_ms"])
    columns = {field.name: pa.array(frame[field.name], field.type, from_pandas=True) for field in TRANSACTION}
    lake.replace_days(tables.TRANSACTIONS, pa.table(columns), FIRST_DAY, LAST_DAY)


@cache
def simulated() -> pd.DataFrame:
    """Transactions in arrival order, with their place in Kafka; they arrive on the day of the event."""
    world = World(seed=12, customers=900, merchants=200)
    frame = pd.concat([simulate_day(world, FIRST_DAY + timedelta(days=n)) for n in range(DAYS)], ignore_index=True)
    frame["kafka_partition"] = (frame["customer_id"].str[1:].astype(int) % PARTITIONS).astype(np.int32)
    frame["kafka_offset"] = frame.groupby("kafka_partition").cumcount()
    frame["date"] = pd.to_datetime(frame["event_time_ms"], unit="ms").dt.date
    return frame


@cache
def feature_rows(feature_set: str) -> pa.Table:
    """Rows of features/transactions; merchants are unknown, so their features have the declared defaults."""
    frame = simulated()
    events = LAYOUT.rows(frame, frame["event_time_ms"])
    values = KERNEL.features(LAYOUT.empty, events).values
    identity = ["date", "kafka_partition", "kafka_offset", "transaction_id", "customer_id"]
    columns: dict = {name: pa.array(frame[name]) for name in [*identity, "event_time_ms"]}
    columns |= {feature.name: values[:, column] for column, feature in enumerate(CUSTOMER_FEATURES)}
    columns |= {feature.name: np.full(len(frame), feature.default) for feature in MERCHANT_FEATURES}
    columns |= dict(zip((f.name for f in VELOCITY_FEATURES), velocities_at_once(events).T, strict=True))
    return pa.table({**columns, "feature_set": pa.repeat(feature_set, len(frame))})


@cache
def report_rows(every_days: int = 1) -> pa.Table:
    """Rows of labels: the chargebacks that came in until the last day.

    every_days: on every so many days arrive those that were made since; with 1, on the day they are made.
    """
    frauds = simulated().query("is_fraud").sort_values("reported_at_ms")
    day = frauds["reported_at_ms"] // DAY_MS
    arrival_ms = frauds["reported_at_ms"] + (-day % every_days) * DAY_MS
    arrival = pd.to_datetime(arrival_ms, unit="ms").dt.date
    frauds = frauds.assign(date=arrival, arrival_ms=arrival_ms)[(arrival <= LAST_DAY).to_numpy()]
    return pa.table(
        {
            "date": pa.array(frauds["date"]),
            "kafka_partition": np.zeros(len(frauds), np.int32),
            "kafka_offset": np.arange(len(frauds)),
            "kafka_timestamp_ms": frauds["arrival_ms"].to_numpy(),
            "transaction_id": pa.array(frauds["transaction_id"]),
            "is_fraud": np.ones(len(frauds), bool),
            "reported_at_ms": frauds["reported_at_ms"].to_numpy(),
        }
    )
