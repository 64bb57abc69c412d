"""Cells of Arrow columns as plain values, each with what its type says: nothing becomes a double that was none."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

_EPOCH = datetime(1970, 1, 1)
_PER_MS = {"s": Fraction(1, 1_000), "ms": 1, "us": 1_000, "ns": 1_000_000}


def plain_type(kind: pa.DataType) -> pa.DataType:
    """The type of the values themselves: a dictionary's are those that it has, and large text is text."""
    if pa.types.is_dictionary(kind):
        return plain_type(kind.value_type)
    return pa.string() if pa.types.is_large_string(kind) or pa.types.is_string_view(kind) else kind


def plain_batch(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The same rows with plain types. Raises pyarrow's ArrowInvalid where text is not UTF-8."""
    fields = [field.with_type(plain_type(field.type)) for field in batch.schema]
    columns = [
        column if column.type == field.type else column.cast(field.type)
        for column, field in zip(batch.columns, fields, strict=True)
    ]
    for column in columns:
        if pa.types.is_string(column.type):
            column.validate(full=True)
    return pa.RecordBatch.from_arrays(columns, schema=pa.schema(fields))


def frame_of_cells(batch: pa.RecordBatch, numbers: np.ndarray) -> pd.DataFrame:
    """Columns of plain values, None where there is none; the index is the rows' numbers.

    Values are str, bool, int, float, numpy.float32, decimal.Decimal, date, bytes that are no UTF-8, and datetime,
    in UTC where the column has a zone. A time of no calendar year is text.
    """
    columns = {
        name: pd.Series(cells_of(column), index=numbers, dtype=object)
        for name, column in zip(batch.schema.names, batch.columns, strict=True)
    }
    return pd.DataFrame(columns, index=numbers)


def cells_of(column: pa.Array) -> list[Any]:
    """The values of a column with a plain type."""
    kind = column.type
    if pa.types.is_timestamp(kind):
        return _times(column)
    if pa.types.is_float16(kind) or pa.types.is_float32(kind):
        return [None if value is None else np.float32(value) for value in column.to_pylist()]
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        return [None if value is None else _text_of(value) for value in column.to_pylist()]
    if pa.types.is_time(kind) or pa.types.is_duration(kind):
        return [None if value is None else str(value) for value in _readable(column)]
    values: list[Any] = column.to_pylist()
    return values


def _readable(column: pa.Array) -> list[Any]:
    convert: Callable[[], Any] = column.to_pandas
    return [None if pd.isna(value) else value for value in convert()]


def _times(column: pa.Array) -> list[datetime | str | None]:
    zone = UTC if column.type.tz is not None else None
    times, per_ms = column.cast(pa.int64()).to_pylist(), _PER_MS[column.type.unit]
    return [None if time is None else _time(int(time // per_ms), zone) for time in times]


def _time(ms: int, zone: Any) -> datetime | str:
    try:
        return (_EPOCH + timedelta(milliseconds=ms)).replace(tzinfo=zone)
    except OverflowError:
        return f"{ms} ms since 1970"


def _text_of(value: bytes) -> str | bytes:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value
