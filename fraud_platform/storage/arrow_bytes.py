"""Arrow tables and NumPy rows as bytes in a column, which Spark carries without looking inside.

As rows, each value would be converted on the way from Parquet to Spark, to Python and back:
for features of 1.75 M transactions that took three times as long as computing them.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import DTypeLike, NDArray


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
