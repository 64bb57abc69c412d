"""Raw tables → transactions, labels and rejected: each message is decoded once, and is in one of them."""

from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from fraud_platform.messages.arrow_schemas import (
    LABEL,
    LABEL_OR_REJECTED,
    REJECTED,
    TRANSACTION,
    TRANSACTION_OR_REJECTED,
)
from fraud_platform.pipeline.decoded_rows import label_rows, transaction_rows
from fraud_platform.pipeline.tables import LABELS, RAW_LABELS, RAW_TRANSACTIONS, REJECTIONS, TRANSACTIONS
from fraud_platform.pipeline.topic_days import Decode
from fraud_platform.storage import spark as spark_tables
from fraud_platform.storage.lake import Lake, Table

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


class Source(NamedTuple):
    """What a table of accepted messages is made of, and how."""

    raw: Table
    decode: Decode
    with_rejected: pa.Schema
    schema: pa.Schema


SOURCES = {
    TRANSACTIONS: Source(RAW_TRANSACTIONS, transaction_rows, TRANSACTION_OR_REJECTED, TRANSACTION),
    LABELS: Source(RAW_LABELS, label_rows, LABEL_OR_REJECTED, LABEL),
}
"""By the table of accepted messages."""


def decode(spark: Callable[[], "SparkSession"], lake: Lake, tables: Collection[Table], first: date, last: date) -> None:
    """Replace the days in these of the three tables. Each changes atomically; a raw table that none needs is not read.

    Kafka is not asked: what a message is follows from its bytes, which the raw tables keep.
    Up to DRIVER_ROWS messages this process decodes, above Spark does.
    """
    needed = [table for table in SOURCES if table in tables or REJECTIONS in tables]
    messages = sum(lake.row_count(SOURCES[table].raw, first, last) for table in needed)
    here = _decoded_here(lake, needed, first, last) if messages <= spark_tables.DRIVER_ROWS else None
    if here is None:
        _decode_by_spark(spark(), lake, tables, needed, first, last, messages)
        return
    for table in tables:
        of_table = [_part(rows, table, SOURCES[name].schema) for name, rows in here.items() if _has(name, table)]
        lake.replace_days(table, pa.concat_tables(of_table), first, last)


def _has(decoded: Table, table: Table) -> bool:
    """Whether rows of a table come from the messages that were decoded for another."""
    return table in (decoded, REJECTIONS)


def _part(rows: pa.Table, table: Table, schema: pa.Schema) -> pa.Table:
    """The accepted rows, or the rejected ones."""
    is_accepted = pc.is_null(rows["reason"])
    if table == REJECTIONS:
        return rows.filter(pc.invert(is_accepted)).select(REJECTED.names)
    return rows.filter(is_accepted).select(schema.names)


def _decoded_here(lake: Lake, needed: list[Table], first: date, last: date) -> dict[Table, pa.Table] | None:
    """The days' messages, accepted or rejected; None where they are more bytes than this process should hold."""
    found: dict[Table, pa.Table] = {}
    size = 0
    for table in needed:
        source = SOURCES[table]
        names = [name for name in source.raw.schema.names if name != "headers"]
        parts = [source.with_rejected.empty_table()]
        for batch in lake.batches(source.raw, names, first, last):
            size += batch.nbytes
            if size > spark_tables.DRIVER_BYTES:
                return None
            parts.append(source.decode(batch).select(source.with_rejected.names).cast(source.with_rejected))
        found[table] = pa.concat_tables(parts)
    return found


def _decode_by_spark(
    spark: "SparkSession",
    lake: Lake,
    tables: Collection[Table],
    needed: list[Table],
    first: date,
    last: date,
    messages: int,
) -> None:
    # Accepted and rejected rows go to different tables; decoding again would cost more than keeping them.
    decoded = {table: _decoded(spark, lake, table, first, last).persist() for table in needed}
    try:
        # Before the writers share it: two that ask for a part at once would hold both cores for one's work.
        for frame in decoded.values():
            frame.count()
        # Planning and commits are the driver's, one core's work: side by side they fill each other's gaps.
        with ThreadPoolExecutor() as pool:
            for done in [
                pool.submit(spark_tables.replace_days, frame, lake, table, first, last, messages)
                for table, frame in _frames(decoded, tables).items()
            ]:
                done.result()
    finally:
        for frame in decoded.values():
            frame.unpersist()


def _decoded(spark: "SparkSession", lake: Lake, table: Table, first: date, last: date) -> "DataFrame":
    """The days' messages, accepted or rejected."""
    from pyspark.sql.pandas.types import from_arrow_schema

    source, decode, schema, _ = SOURCES[table]

    def rows(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            yield from decode(batch).select(schema.names).cast(schema).to_batches()

    raw = spark.read.format("delta").load(lake.spark_uri(source))
    return raw.where(raw["date"].between(first, last)).drop("headers").mapInArrow(rows, from_arrow_schema(schema))


def _frames(decoded: dict[Table, "DataFrame"], tables: Collection[Table]) -> dict[Table, "DataFrame"]:
    """Rows of each of the tables."""
    frames = {table: _accepted(rows, SOURCES[table].schema) for table, rows in decoded.items() if table in tables}
    if REJECTIONS in tables:
        frames[REJECTIONS] = _rejected(decoded[TRANSACTIONS]).unionByName(_rejected(decoded[LABELS]))
    return frames


def _accepted(rows: "DataFrame", schema: pa.Schema) -> "DataFrame":
    return rows.where("reason IS NULL").select(*schema.names)


def _rejected(rows: "DataFrame") -> "DataFrame":
    return rows.where("reason IS NOT NULL").select(*REJECTED.names)
