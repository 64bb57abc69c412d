"""Arrow tables packed into a binary column, which Spark schedules and shuffles without looking inside.

As rows, each value would be converted on the way from Parquet to Spark, to Python and back:
for features of 1.75 M transactions that took three times as long as computing them.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import DTypeLike, NDArray

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

ReadDays = Callable[[date, date], pa.Table]
"""Rows of the days first to last, both included; runs in Python workers."""

_READS_PER_CORE = 2
"""Reads of several days each: opening a table costs more than reading a day of it."""


def deal(spark: "SparkSession", read: ReadDays, first: date, last: date, key: str, buckets: int) -> "DataFrame":
    """Rows of the days first to last, dealt by the value of column `key`: a bucket is a partition.

    Column `packed`: tables, in any order. See `unpack`.
    """
    spans = _spans(first, last, _READS_PER_CORE * spark.sparkContext.defaultParallelism)
    reads = spark.range(0, len(spans), 1, len(spans))
    dealt = reads.mapInArrow(partial(_deal, read, spans, key, buckets), "bucket int, packed binary")
    return dealt.repartitionById(buckets, "bucket").select("packed")


def deal_again(dealt: "DataFrame", rows: Callable[[pa.Table], pa.Table], key: str, buckets: int) -> "DataFrame":
    """What `rows` makes of each partition of `deal`, dealt by its column `key`: strings, or hashes of 64 bits."""
    again = dealt.mapInArrow(partial(_deal_again, rows, key, buckets), "bucket int, packed binary")
    return again.repartitionById(buckets, "bucket").select("packed")


def unpack(column: Iterable[pa.BinaryScalar]) -> pa.Table:
    """The tables of a packed column as one."""
    return pa.concat_tables([pa.ipc.open_stream(value.as_buffer()).read_all() for value in column])


def pack(table: pa.Table, compression: str | None = "zstd") -> bytes:
    """A table as an Arrow stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression=compression)) as stream:
        stream.write_table(table)
    return sink.getvalue().to_pybytes()


def binary_of(values: NDArray[Any]) -> pa.FixedSizeBinaryArray:
    """Rows (n, k) as n binary values."""
    n, k = values.shape
    data = pa.py_buffer(np.ascontiguousarray(values))
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(k * values.itemsize), n, [None, data])


def values_of(column: pa.ChunkedArray, dtype: DTypeLike) -> NDArray[Any]:
    """Rows (n, k) of `binary_of`, none of them null."""
    kind, width = np.dtype(dtype), column.type.byte_width
    chunks = [np.frombuffer(c.buffers()[1], np.uint8)[c.offset * width :][: len(c) * width] for c in column.chunks]
    return np.concatenate([np.empty(0, np.uint8), *chunks]).view(kind).reshape(-1, width // kind.itemsize)


def _spans(first: date, last: date, most: int) -> list[tuple[date, date]]:
    """The days as spans of about equal length, at most so many."""
    days = (last - first).days + 1
    bounds = [i * days // min(days, most) for i in range(min(days, most) + 1)]
    return [(first + timedelta(days=a), first + timedelta(days=b - 1)) for a, b in pairwise(bounds)]


def _deal(
    read: ReadDays, spans: list[tuple[date, date]], key: str, buckets: int, batches: Iterator[pa.RecordBatch]
) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        for number in batch["id"].to_pylist():
            yield from _dealt(read(*spans[number]), key, buckets)


def _deal_again(
    rows: Callable[[pa.Table], pa.Table], key: str, buckets: int, batches: Iterator[pa.RecordBatch]
) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        yield from _dealt(rows(unpack(batch["packed"])), key, buckets)


def _dealt(table: pa.Table, key: str, buckets: int) -> Iterator[pa.RecordBatch]:
    bucket = (_hashes(table[key]) % np.uint64(buckets)).astype(np.int64)
    dealt = table.take(pa.array(np.argsort(bucket, kind="stable"))).combine_chunks()
    ends = np.cumsum(np.bincount(bucket, minlength=buckets))
    for i, (start, end) in enumerate(pairwise([0, *ends])):
        if start < end:
            packed = pa.array([pack(dealt.slice(start, end - start))], pa.binary())
            yield pa.record_batch({"bucket": pa.array([i], pa.int32()), "packed": packed})


def _hashes(keys: pa.ChunkedArray) -> NDArray[np.uint64]:
    if pa.types.is_integer(keys.type):
        return keys.to_numpy().astype(np.uint64)
    return pd.util.hash_array(keys.to_pandas().to_numpy(object), categorize=False)
