"""State bootstrap: a new checkpoint's history, the accepted transactions before exact offsets, from the lake.

What the lake does not have yet, because no asset has fetched it, is read from Kafka.
"""

import logging
from collections.abc import Iterator
from datetime import timedelta
from functools import partial, reduce
from operator import or_
from pathlib import Path

import pyarrow as pa
from pyspark import TaskContext
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import from_arrow_schema

from fraud_platform.core.features.entity_events import entity_events_of
from fraud_platform.core.features.velocity import index_of
from fraud_platform.core.time import DAY_MS
from fraud_platform.declared import DECLARATION, FEATURE_SET
from fraud_platform.messages.arrow_schemas import PASSED_OVER, PLACE, POSITION, TRANSACTION
from fraud_platform.messages.declared.arrow import arrow_table
from fraud_platform.messages.passed_over import passed_over
from fraud_platform.messages.transactions import DECODER
from fraud_platform.operations.ledger import settled_events
from fraud_platform.pipeline.lake_upgrade import accepted_table, rejected_table
from fraud_platform.pipeline.passed_messages import messages_around
from fraud_platform.pipeline.transactions import events_of, in_arrival_order
from fraud_platform.settings import Settings
from fraud_platform.storage.kafka_offsets import OffsetRange
from fraud_platform.storage.lake import Lake, Table
from streaming.state.customers import BOOTSTRAP_FOLDER, REACH_MS, write_events
from streaming.state.entities import FOLDER as VELOCITY_FOLDER
from streaming.state.entities import REACH_MS as VELOCITY_REACH_MS
from streaming.state.entities import write_entity_events

log = logging.getLogger(__name__)

ROWS_PER_FILE = 1_000_000
"""Bounds the memory of one kernel call to about 2 GB."""
_SCHEMA = from_arrow_schema(TRANSACTION)


def end_of_lake(spark: SparkSession, settings: Settings) -> dict[int, int]:
    """First offset of each partition that the decoded tables do not have; empty where they are not there."""
    accepted, rejected = (_table(spark, settings, table) for table in _tables(settings))
    if accepted is None:
        return {}
    rows = accepted.select(*PLACE)
    if rejected is not None:
        rows = rows.unionByName(rejected.where(F.col("topic") == settings.kafka_topic).select(*PLACE))
    newest = rows.groupBy("kafka_partition").agg(F.max("kafka_offset"))
    return {partition: offset + 1 for partition, offset in newest.collect()}


def bootstrap_state(
    spark: SparkSession, settings: Settings, lake_ends: dict[int, int], held: OffsetRange, folder: Path
) -> int:
    """Write what transactions that follow those in `held` can refer to, as runs; returns the number of events.

    lake_ends: see `end_of_lake`. held: for every partition of the topic the first offset
    that Kafka still has, and the one that scoring begins at. folder: the checkpoint's state.
    """
    if gone := sum(max(0, first - lake_ends.get(p, 0)) for p, (first, _) in held.items()):
        log.warning(
            "%s messages that Kafka has deleted are not in the lake either: no feature counts them", f"{gone:,}"
        )
    rows = _from_kafka(spark, settings, {p: (max(lake_ends.get(p, 0), first), end) for p, (first, end) in held.items()})
    if lake_ends:
        rows = _from_lake(spark, settings, {p: end for p, (_, end) in held.items()}).unionByName(rows)
    files = -(-max(1, rows.count()) // ROWS_PER_FILE)
    written = rows.repartition(files, FEATURE_SET.key).mapInArrow(partial(_write_runs, folder), "rows bigint")
    return written.agg(F.sum("rows")).collect()[0][0] or 0


def _from_lake(spark: SparkSession, settings: Settings, start: dict[int, int]) -> DataFrame:
    """Accepted transactions before the offsets, of the days that windows can reach, as columns of _SCHEMA."""
    partition, offset = map(F.col, PLACE)
    before = reduce(or_, ((partition == p) & (offset < first) for p, first in start.items()))
    stored = spark.read.format("delta").load(Lake(settings).spark_uri(_tables(settings)[0])).where(before)
    newest = stored.agg(F.max("date")).collect()[0][0]
    if newest is None:
        return spark.createDataFrame([], _SCHEMA)
    recent = stored.where(F.col("date") >= newest - timedelta(days=REACH_MS // DAY_MS + 1))
    # A field that was declared since has no column before its transactions are decoded again.
    missing = {f.name: F.lit(None).cast(f.dataType) for f in _SCHEMA if f.name not in stored.columns}
    return recent.withColumns(missing).select(*TRANSACTION.names)


def _tables(settings: Settings) -> tuple[Table, Table]:
    """Names of the tables of accepted and of rejected messages; the lake may be of a former release."""
    lake = Lake(settings)
    return accepted_table(lake), rejected_table(lake)


def _table(spark: SparkSession, settings: Settings, table: Table) -> DataFrame | None:
    lake = Lake(settings)
    return spark.read.format("delta").load(lake.spark_uri(table)) if lake.exists(table) else None


def _from_kafka(spark: SparkSession, settings: Settings, offsets: OffsetRange) -> DataFrame:
    """Accepted transactions of the offset ranges, as columns of _SCHEMA."""
    offsets = {p: (first, end) for p, (first, end) in offsets.items() if first < end}
    if not offsets:
        return spark.createDataFrame([], _SCHEMA)
    passed = passed_over(settled_events(settings))
    messages = messages_around(spark, settings, settings.kafka_topic, offsets, passed)
    arrival = F.to_date(F.timestamp_millis("kafka_timestamp_ms")).alias("date")
    return messages.select(arrival, "*").mapInArrow(_decode, _SCHEMA)


def _decode(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        keys, values, times = (batch[name].to_pylist() for name in ("key", "value", "kafka_timestamp_ms"))
        passed = batch[PASSED_OVER].to_pylist() if PASSED_OVER in batch.schema.names else None
        decoded = DECODER.decode(keys, values, times, passed)
        position = [batch[name].take(pa.array(decoded.accepted, pa.int64())) for name in POSITION.names]
        fields = arrow_table(DECLARATION, decoded.columns)
        yield from pa.table([*position, *fields.columns], schema=TRANSACTION).to_batches()


def _write_runs(folder: Path, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """One run of the events of some customers, and one of their entity events."""
    received = list(batches)
    if received:
        rows = in_arrival_order(pa.Table.from_batches(received))
        arrangement = FEATURE_SET.kernel.arrange(FEATURE_SET.layout.empty, events_of(rows))
        name = f"{TaskContext.get().partitionId():06}.arrow"  # type: ignore[union-attr]
        write_events(folder / BOOTSTRAP_FOLDER / name, arrangement.kept)
        if FEATURE_SET.velocity.entities:
            entity_events = entity_events_of(FEATURE_SET.velocity, arrangement).reshape(-1)
            recent = entity_events["arrival_ms"] >= entity_events["arrival_ms"].max() - VELOCITY_REACH_MS
            index = index_of(FEATURE_SET.velocity, entity_events[recent])
            write_entity_events(folder / VELOCITY_FOLDER / BOOTSTRAP_FOLDER / name, index, {})
        yield pa.record_batch({"rows": pa.array([len(arrangement.kept)], pa.int64())})
