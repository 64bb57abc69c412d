"""Cells that are times, as messages of a declaration write them."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import msgspec

from fraud_platform.core.declaration.fields.time_reading import ms_of_times
from fraud_platform.core.declaration.fields.timestamp import Timestamp
from fraud_platform.core.declaration.time_guess import advice
from fraud_platform.feeding.refused import Refused
from fraud_platform.feeding.written_time import with_time

_NO_ZONE = Refused("is a time without a zone: declare zone: UTC, or where it was written")
_NO_PART = Refused("is a whole time where the declaration has a part of it: declare path instead of members")


def time_value(field: Timestamp, cell: Any) -> Any:
    """What a message has where the file has this cell, which is not empty; Refused where that would be another time."""
    if isinstance(cell, datetime):
        return _NO_PART if field.members else _of_moment(field, cell)
    if isinstance(cell, date):
        return time_value(field, datetime(cell.year, cell.month, cell.day))
    if isinstance(cell, float | Decimal) and cell == cell and cell % 1 == 0:
        cell = int(cell)
    if field.unit is not None:
        return _of_number(cell)
    if isinstance(cell, int) and not isinstance(cell, bool) and (field.format or field.members):
        return str(cell)
    return cell.strip() if isinstance(cell, str) else cell


def time_ms(field: Timestamp, values: Sequence[Any]) -> int | None:
    """Milliseconds since 1970 UTC of what a message has, one value a member; None where it is no time."""
    try:
        read = [msgspec.convert(value, field.json_type) for value in values]
        return int(field.column([tuple(read) if field.members else read[0]])[0])
    except ValueError:  # msgspec's is one
        return None


def time_way_out(field: Timestamp, cell: Any) -> str:
    """How a cell that could not be read might be declared."""
    value = time_value(field, cell)
    if isinstance(value, Refused):
        return value.reason
    if field.unit is None:
        return advice(str(cell))
    if isinstance(value, str | float) and isinstance(_of_number(str(cell).partition(".")[0]), int):
        return "numbers are whole: give it in a smaller unit"
    told = advice(str(cell))
    way_out = told if told.startswith("declare unit") else "correct it there"
    return f"the declaration says unit: {field.unit}{f', epoch: {field.epoch}' if field.epoch else ''}: {way_out}"


def _of_number(cell: Any) -> Any:
    if not isinstance(cell, str):
        return cell
    whole, point, places = cell.strip().partition(".")
    is_whole = whole.lstrip("-").isdecimal() and whole.isascii() and len(whole) < 20 and not places.strip("0")
    return int(whole) if is_whole and (places or not point) else cell


def _of_moment(field: Timestamp, at: datetime) -> Any:
    if at.tzinfo is None:
        if field.unit is None and field.zone is None:
            return _NO_ZONE
        at_ms = ms_of_times([at], field.zone or "UTC")[0]
    else:
        at_ms = ms_of_times([at.astimezone(UTC)], None)[0]
    try:
        value = _innermost(with_time({}, field, at_ms))
    except (OverflowError, ValueError):
        return str(at)
    if time_ms(field, [value]) != at_ms and _is_taken(field, value):
        return Refused("is finer than the declaration can say: declare another unit or format")
    return value


def _is_taken(field: Timestamp, value: Any) -> bool:
    """Whether it is a time at all: a decoder tells of one that lies too far away."""
    return time_ms(field, [value]) is not None


def _innermost(document: Any) -> Any:
    while isinstance(document, dict):
        (document,) = document.values()
    return document
