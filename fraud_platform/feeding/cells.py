"""Cells of a file as JSON has them: each becomes what its field is, say a count of seconds a number, or is refused."""

import math
import re
from datetime import date, datetime
from decimal import Decimal as Exact
from typing import Any

import numpy as np
import pandas as pd

from fraud_platform.core.declaration.fields.boolean import Boolean
from fraud_platform.core.declaration.fields.decimal import Decimal
from fraud_platform.core.declaration.fields.field import Field
from fraud_platform.core.declaration.fields.id import Id
from fraud_platform.core.declaration.fields.timestamp import Timestamp
from fraud_platform.core.declaration.file_layout import DEFAULT_LAYOUT, LOOK_MISSING, FileLayout
from fraud_platform.core.declaration.labels import FRAUD, LEGITIMATE, label_text
from fraud_platform.core.declaration.number_notation import plain_number
from fraud_platform.feeding.refused import Refused
from fraud_platform.feeding.time_cells import time_value

_FLAGS = dict.fromkeys(FRAUD, True) | dict.fromkeys(LEGITIMATE, False)
_LOST_DIGITS = re.compile(r"[+-]?[0-9](\.[0-9]+[eE]\+?|[eE]\+)[0-9]+")
_NOTATIONS = ((",", None), (".", ","), (",", "."), (".", " "), (",", " "), (".", "'"))
"""Decimal sign and what stands between thousands."""
_WHOLE_OF_DOUBLE, _WHOLE_OF_SINGLE = 2**53, 2**24
"""Whole numbers below it are exact."""

_DIGITS_GONE = Refused("is a number whose last digits are gone: export the column as text")
_FRACTION = Refused("is a number with a fraction, and an id is text: export the column as text")
_NO_VALUE = Refused("is a list, a mapping or bytes: export the column as text or as numbers")
_INFINITE = Refused("is infinite: correct it")
_FORMULA = Refused("is a formula of a spreadsheet: export the column as text")
_MISSING = Refused("looks like no value: declare file: {missing: [NaN, 'NULL']} if it is, or missing: [] if it is text")
_QUOTED = Refused(
    "has quotes around it: declare file: {quote: \"'\"} if they are no part of it, or quote: '\"' if they are"
)


def is_empty(cell: Any, layout: FileLayout = DEFAULT_LAYOUT) -> bool:
    """Whether the cell has no value."""
    if cell is None or cell is pd.NaT or (isinstance(cell, float | np.floating) and math.isnan(cell)):
        return True
    return isinstance(cell, str) and (not cell.strip() or cell.strip() in (layout.missing or ()))


def json_value(field: Field | None, cell: Any, layout: FileLayout = DEFAULT_LAYOUT) -> Any:
    """A cell as a message has it; None where it is empty, Refused where it might become another value.

    field: None where no field is read from the column.
    """
    if is_empty(cell, layout):
        return None
    if field is None:
        return _undeclared(cell)
    if isinstance(cell, bytes | list | dict | tuple):
        return _NO_VALUE
    if isinstance(field, Timestamp):
        return time_value(field, cell)
    if isinstance(field, Boolean):
        return _FLAGS.get(label_text(cell), cell)
    if field.IDENTITY:
        return _identity(field, cell, layout)
    return _number(field, cell, layout)


def _undeclared(cell: Any) -> Any:
    """Kept as it is, for a field that may be declared later."""
    if isinstance(cell, np.floating):
        cell = float(str(cell))
    if isinstance(cell, bytes):
        return cell.hex()
    if isinstance(cell, float) and math.isinf(cell):
        return str(cell)  # JSON has none
    return cell.isoformat() if isinstance(cell, date | datetime) else cell


def _identity(field: Field, cell: Any, layout: FileLayout) -> Any:
    if isinstance(cell, str):
        return _text(field, cell.strip(), layout)
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float | np.floating):
        return _whole(field, cell)
    if isinstance(cell, Exact):
        return format(cell, "f")
    return cell.isoformat() if isinstance(cell, date | datetime) else str(cell)


def _text(field: Field, text: str, layout: FileLayout) -> str | Refused:
    if not isinstance(field, Id):
        return _QUOTED if _is_quoted(text) and layout.quote is None else text
    if layout.missing is None and text in LOOK_MISSING:
        return _MISSING
    if layout.quote is None and _is_quoted(text):
        return _QUOTED
    if text.startswith('="'):
        return _FORMULA
    return _DIGITS_GONE if _LOST_DIGITS.fullmatch(text) else text


def _is_quoted(text: str) -> bool:
    return len(text) > 1 and text[0] == text[-1] == "'"


def _whole(field: Field, number: float | np.floating[Any]) -> str | Refused:
    """A number that stands for text: a column of whole numbers with gaps is one of doubles in many programs."""
    if not math.isfinite(number) or number % 1:
        return _FRACTION if isinstance(field, Id) else str(number)
    exact_below = _WHOLE_OF_SINGLE if isinstance(number, np.floating) else _WHOLE_OF_DOUBLE
    return str(int(number)) if abs(float(number)) < exact_below else _DIGITS_GONE


def _number(field: Field, cell: Any, layout: FileLayout) -> Any:
    prefix = getattr(field, "prefix", None)
    if isinstance(cell, str):
        number = plain_number(cell, layout.decimal, layout.thousands, layout.sign or prefix)
        if number is None:
            return Refused(f"is no number: {_number_way_out(cell.strip(), layout)}")
        return f"{prefix or ''}{number}" if isinstance(field, Decimal) else _double(number)
    if isinstance(cell, float | np.floating) and math.isinf(cell):
        return _INFINITE
    if isinstance(cell, np.floating):
        return _single(field, cell)
    if isinstance(cell, Exact):
        return f"{prefix or ''}{cell:f}" if isinstance(field, Decimal) else float(cell)
    return cell


def _double(number: str) -> float | str:
    """What the decoder is to judge, where the number is beyond all doubles."""
    value = float(number)
    return value if math.isfinite(value) else number


def _single(field: Field, number: np.floating[Any]) -> Any:
    """The shortest number that is this one of single precision: 12.34, and not 12.34000015258789."""
    if isinstance(field, Decimal) and abs(number) * 10**field.scale >= _WHOLE_OF_SINGLE:
        return _DIGITS_GONE
    return float(str(number))


def _number_way_out(text: str, layout: FileLayout) -> str:
    """What to declare."""
    if text in LOOK_MISSING or text == "NA":
        return f"declare file: {{missing: ['{text}']}} if it means no value"
    sign = re.sub(r"[0-9.,'\s+()-]", "", text)
    if (
        sign
        and len(sign) <= 8
        and re.search("[0-9]", text)
        and sign in (text.lstrip("-")[: len(sign)], text[-len(sign) :])
    ):
        return f"declare file: {{sign: '{sign}'}} if that stands beside the number"
    ways = [
        _notation(decimal, thousands, layout)
        for decimal, thousands in _NOTATIONS
        if plain_number(text, decimal, thousands, layout.sign) is not None
    ]
    if ways:
        return f"declare file: {' or '.join(ways[:2])} if it is written so"
    return "correct it, or the type of the field"


def _notation(decimal: str, thousands: str | None, layout: FileLayout) -> str:
    told = [f'decimal: "{decimal}"'] * (decimal != layout.decimal) + [f'thousands: "{thousands}"'] * bool(thousands)
    return f"{{{', '.join(told)}}}"
