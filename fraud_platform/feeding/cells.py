"""Cells of a file as JSON has them: text of a CSV file becomes what its field is, say a count of seconds a number."""

import math
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from fraud_platform.core.declaration.fields.boolean import Boolean
from fraud_platform.core.declaration.fields.field import Field
from fraud_platform.core.declaration.fields.timestamp import Timestamp
from fraud_platform.feeding.written_time import with_time

FLAGS = {
    **dict.fromkeys(("0", "0.0", "false", "no", "f", "n"), False),
    **dict.fromkeys(("1", "1.0", "true", "yes", "t", "y"), True),
}
"""What says no or yes, in small letters."""


def json_value(field: Field | None, value: Any) -> Any:
    """A cell as a message has it; None where it is empty."""
    if value is None or value is pd.NaT or value != value:
        return None
    if isinstance(value, str):
        return _of_text(field, value)
    if isinstance(value, (pd.Timestamp, np.datetime64)):
        return _of_time(field, pd.Timestamp(value))
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    is_text = field is not None and field.IDENTITY and not isinstance(value, bool)
    return str(value) if is_text else value


def _of_text(field: Field | None, text: str) -> Any:
    if not text.strip():
        return None
    if isinstance(field, Boolean):
        return FLAGS.get(text.strip().lower(), text)
    if isinstance(field, Timestamp) and field.unit is not None:
        number = text.strip()
        whole = number.removesuffix(".0")
        return int(whole) if whole.lstrip("-").isdecimal() and len(whole) < 20 else text
    if field is not None and pa.types.is_floating(field.ARROW_TYPE):
        return _number(text)
    return text


def _number(text: str) -> float | str:
    """What the decoder is to judge, where the text is no finite number as JSON writes it."""
    try:
        number = float(text)
    except ValueError:
        return text
    return number if math.isfinite(number) and "_" not in text else text


def _of_time(field: Field | None, at: pd.Timestamp) -> Any:
    """A column of times as the field's messages write them."""
    utc = at.tz_localize("UTC") if at.tzinfo is None else at.tz_convert("UTC")
    if isinstance(field, Timestamp):
        document: dict[str, Any] = {}
        return _first(with_time(document, field, int(utc.value // 1_000_000)))
    return utc.isoformat()


def _first(document: Any) -> Any:
    while isinstance(document, dict):
        (document,) = document.values()
    return document
