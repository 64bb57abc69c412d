"""Columns of a declaration's fields as Arrow, as the lake stores them.

A decimal is a number there, since whole units of an `amount` would be read as a hundred times the money by everybody
who does not know its scale: a double where 15 digits hold all that it may be, which is exact, and else a decimal. A
timestamp is an integer of
milliseconds whatever the messages write: the kernel and the state compute with these, and Spark takes no Arrow times
but those in microseconds.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from fraud_platform.core.declaration.declaration import Declaration
from fraud_platform.core.declaration.fields.decimal import Decimal
from fraud_platform.core.declaration.fields.field import Field


def arrow_schema(declaration: Declaration) -> pa.Schema:
    """A column for each field, in their order. All take nulls: a rejected message stands in the same table."""
    return pa.schema([(field.name, field.arrow_type) for field in declaration.world])


def arrow_table(declaration: Declaration, columns: Mapping[str, Sequence[Any]]) -> pa.Table:
    """The columns that a decoder gave, by that schema."""
    schema = arrow_schema(declaration)
    arrays = [_array(field, columns[field.name]) for field in declaration.world]
    return pa.table(arrays, schema=schema)


def _array(field: Field, column: Sequence[Any]) -> pa.Array:
    if not isinstance(field, Decimal):
        return pa.array(column, field.arrow_type)
    if pa.types.is_decimal(field.arrow_type):
        return decimals(column, field.arrow_type)
    return pa.array(field.as_floats(field.encoded_column(column)), from_pandas=True)


def encoded(field: Field, column: pa.ChunkedArray) -> NDArray[Any]:
    """Values (n,) of a field as event rows keep them, from its column in the lake."""
    if isinstance(field, Decimal) and pa.types.is_decimal(column.type):
        return field.encoded_column(units(column).to_pylist())
    return field.encoded(column.to_pandas().to_numpy())


def decimals(units: Sequence[int | None] | NDArray[np.int64], kind: pa.Decimal128Type) -> pa.Array:
    """Decimals from their whole units, below 10**18 in size.

    >>> decimals([1234, None], pa.decimal128(18, 2)).to_pylist()
    [Decimal('12.34'), None]
    """
    numbers = pa.array(units, pa.int64())
    low = numbers.fill_null(0).to_numpy()
    words = np.column_stack([low, low >> 63])  # of 128 bits, the lower half first; the upper one repeats the sign
    return pa.Array.from_buffers(kind, len(numbers), [numbers.buffers()[0], pa.py_buffer(words)])


def units(column: pa.ChunkedArray | pa.Array) -> pa.Int64Array:
    """Whole units of a column of decimals below 10**18 in size; nulls stay.

    >>> units(decimals([-5, None], pa.decimal128(18, 2))).to_pylist()
    [-5, None]
    """
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    words = np.frombuffer(array.buffers()[1], np.int64).reshape(-1, 2)
    low = words[array.offset : array.offset + len(array), 0]
    return pa.array(low, mask=array.is_null().to_numpy(zero_copy_only=False))
