"""Numbers as a message writes them, digit by digit: a double would round them."""

import decimal
import re
import sys
from typing import Any

LONGEST_TEXT = 64
"""Characters of a number that is written as text."""
_NUMBER = r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?"
"""A number as JSON writes it. Python's own would take 1_000, blanks, NaN and the digits of other scripts, too."""
_is_number = re.compile(_NUMBER).fullmatch
_DIGITS_OF_DOUBLE = (16, 17)
"""As many does a double print whose number no shorter one stands for, as sums of cents often are."""
_NOISE, _SMALL_PART = decimal.Decimal("1e-13"), decimal.Decimal("0.001")
"""How far arithmetic of doubles carries a sum away: by this share of it, and this part of a unit, at most."""
_JSON_NAMES = {bool: "bool", type(None): "null", list: "array", dict: "object"}


def as_written(value: Any, prefix: str = "") -> bytes:
    """Characters of a number, of which text that begins with the prefix may consist as well.

    value: what a decoder gave whose float_hook is AS_WRITTEN. Raises ValueError where it is no number.
    """
    if isinstance(value, str):
        number = value.removeprefix(prefix) if value.startswith(prefix) else ""
        if len(number) > LONGEST_TEXT or not _is_number(number):
            raise ValueError(f"is text that is no number after {prefix}" if prefix else "is text that is no number")
        return number.encode()
    if isinstance(value, bool) or not isinstance(value, int | bytes):
        raise ValueError(f"expected `float`, got `{_JSON_NAMES.get(type(value), type(value).__name__)}`")
    return value if isinstance(value, bytes) else b"%d" % value


def text_schema(prefix: str) -> dict[str, Any]:
    """JSON Schema of such text."""
    literally = re.sub(r"[$^\\.*+?()\[\]{}|/]", r"\\\g<0>", prefix)  # re.escape has escapes that JavaScript lacks
    return {"type": "string", "pattern": f"^{literally}{_NUMBER}$", "maxLength": len(prefix) + LONGEST_TEXT}


def check_magnitude(value: decimal.Decimal) -> None:
    """Raises ValueError where a double could not hold the number, however it is rounded."""
    if not -sys.float_info.max <= value <= sys.float_info.max:
        raise ValueError("number out of range")


def exactly(number: float | str) -> decimal.Decimal:
    """The number that a declaration writes: 0.1 is a tenth, and not the double next to it."""
    return decimal.Decimal(repr(number))


def without_noise(value: decimal.Decimal, scale: int) -> int | None:
    """Whole units of 10**-scale of a number that only arithmetic of doubles has brought beside them; else None.

    value: within the range of doubles.

    >>> without_noise(decimal.Decimal("0.30000000000000004"), scale=2)
    30
    >>> without_noise(decimal.Decimal("0.305"), scale=2)
    """
    is_of_double = exactly(float(value)) == value and len(value.as_tuple().digits) in _DIGITS_OF_DOUBLE
    if not is_of_double:
        return None
    units = value.scaleb(scale)
    nearest = units.to_integral_value()
    distance = abs(units - nearest)
    return int(nearest) if distance <= min(abs(units) * _NOISE, _SMALL_PART) else None
