"""Rows shuffled into buckets by a key, as Arrow bytes (storage/arrow_bytes.py): one kernel call a bucket."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from fraud_platform.pipeline import tables
from fraud_platform.settings import Settings
from fraud_platform.storage.arrow_bytes import pack, unpack
from fraud_platform.storage.lake import Lake

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

ReadDays = Callable[[date, date], pa.Table]
"""Rows of the days first to last, both included; runs in Python workers."""

_READS_PER_CORE = 2
"""Reads of several days each: opening a table costs more than reading a day of it."""
ROWS_PER_BUCKET = 250_000
"""Bounds the memory of one kernel call to about 0.5 GB, columns and values together."""


def bucket_count(settings: Settings, lake: Lake, first: date, last: date) -> int:
    """Enough for the accepted transactions of the days, and for all cores."""
    rows = lake.row_count(tables.TRANSACTIONS, first, last)
    return max(settings.spark_shuffle_partitions, -(-rows // ROWS_PER_BUCKET))


def shuffle(spark: "SparkSession", read: ReadDays, first: date, last: date, key: str, buckets: int) -> "DataFrame":
    """Rows of the days first to last, shuffled by the value of column `key`: a bucket is a partition.

    Column `packed`: tables, in any order. See `unpack`.
    """
    spans = _spans(first, last, _READS_PER_CORE * spark.sparkContext.defaultParallelism)
    reads = spark.range(0, len(spans), 1, len(spans))
    shuffled = reads.mapInArrow(partial(_shuffle, read, spans, key, buckets), "bucket int, packed binary")
    return shuffled.repartitionById(buckets, "bucket").select("packed")


def shuffle_again(shuffled: "DataFrame", rows: Callable[[pa.Table], pa.Table], key: str, buckets: int) -> "DataFrame":
    """What `rows` makes of each partition of `shuffle`, shuffled by its column `key`: strings, or hashes of 64 bits."""
    again = shuffled.mapInArrow(partial(_shuffle_again, rows, key, buckets), "bucket int, packed binary")
    return again.repartitionById(buckets, "bucket").select("packed")


def _spans(first: date, last: date, most: int) -> list[tuple[date, date]]:
    """The days as spans of about equal length, at most so many."""
    days = (last - first).days + 1
    bounds = [i * days // min(days, most) for i in range(min(days, most) + 1)]
    return [(first + timedelta(days=a), first + timedelta(days=b - 1)) for a, b in pairwise(bounds)]


def _shuffle(
    read: ReadDays, spans: list[tuple[date, date]], key: str, buckets: int, batches: Iterator[pa.RecordBatch]
) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        for number in batch["id"].to_pylist():
            yield from _shuffled(read(*spans[number]), key, buckets)


def _shuffle_again(
    rows: Callable[[pa.Table], pa.Table], key: str, buckets: int, batches: Iterator[pa.RecordBatch]
) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        yield from _shuffled(rows(unpack(batch["packed"])), key, buckets)


def _shuffled(table: pa.Table, key: str, buckets: int) -> Iterator[pa.RecordBatch]:
    bucket = (_hashes(table[key]) % np.uint64(buckets)).astype(np.int64)
    shuffled = table.take(pa.array(np.argsort(bucket, kind="stable"))).combine_chunks()
    ends = np.cumsum(np.bincount(bucket, minlength=buckets))
    for i, (start, end) in enumerate(pairwise([0, *ends])):
        if start < end:
            packed = pa.array([pack(shuffled.slice(start, end - start))], pa.binary())
            yield pa.record_batch({"bucket": pa.array([i], pa.int32()), "packed": packed})


def _hashes(keys: pa.ChunkedArray) -> NDArray[np.uint64]:
    if pa.types.is_integer(keys.type):
        return keys.to_numpy().astype(np.uint64)
    return pd.util.hash_array(keys.to_pandas().to_numpy(object), categorize=False)
