"""What msgspec read of messages → the columns of the fields, or which messages have a value that is none."""

from collections.abc import Iterable, Sequence
from typing import Any

from fraud_platform.core.declaration.fields.field import Field
from fraud_platform.messages.declared.records import Flat


def field_columns(fields: Iterable[Field], flat: Flat) -> tuple[dict[str, Sequence[Any]], set[int]]:
    """A column for each field, and the numbers of the messages that have a value which is none of its field's."""
    columns: dict[str, Sequence[Any]] = {}
    unsound: set[int] = set()
    for field in fields:
        try:
            columns[field.name] = field_column(field, flat)
        except Exception:  # of which message, only each of them by itself tells
            columns[field.name], refused = _one_by_one(field, flat.values(field)[0])
            unsound |= refused
    return columns, unsound


def field_column(field: Field, flat: Flat) -> Sequence[Any]:
    """The values of a field. Raises whatever the field raises."""
    return _column(field, *flat.values(field))


def _column(field: Field, decoded: Sequence[Any], is_incomplete: bool) -> Sequence[Any]:
    if not is_incomplete:
        return field.column(decoded)
    there = [value for value in decoded if value is not None]
    column, default = field.column(there), field.default_in_column
    if column is there and default is None:
        return decoded
    values = iter(column)
    return [default if value is None else next(values) for value in decoded]


def _one_by_one(field: Field, decoded: Sequence[Any]) -> tuple[list[Any], set[int]]:
    """The column with None for the values that the field refuses, and their numbers."""
    column: list[Any] = []
    refused: set[int] = set()
    for i, value in enumerate(decoded):
        try:
            column += _column(field, [value], field.optional and value is None)
        except Exception:
            column.append(None)
            refused.add(i)
    return column, refused
