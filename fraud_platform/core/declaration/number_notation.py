"""How people write numbers: decimal commas, thousands apart, signs of currencies. JSON has one notation only."""

import re
from typing import Literal

Separator = Literal[",", ".", " ", "'", "_"]
_PLAIN = re.compile(r"(-?)\s*([0-9]*)(?:\.([0-9]*))?((?:[eE][+-]?[0-9]+)?)")
_USUAL = {**dict.fromkeys(map(ord, "\u00a0\u202f\u2009"), " "), 0x2212: "-"}
"""Blanks that separate thousands without breaking a line, and the minus of typesetters."""


def plain_number(text: str, decimal: str = ".", thousands: str | None = None, sign: str | None = None) -> str | None:
    """The number as JSON writes it; None where the text is none in this notation.

    decimal: what stands before the decimal places. thousands: what may stand between groups of digits, each of
    the groups whole. sign: text before or after the number, such as $, that says nothing of its size.

    >>> plain_number("1.234,50 €", ",", ".", "€")
    '1234.50'
    >>> plain_number("-$12", sign="$"), plain_number("12,50")
    ('-12', None)
    """
    number = _without_sign(text.translate(_USUAL).strip(), sign)
    if thousands is not None:
        grouped = _ungrouped(number, decimal, thousands)
        if grouped is None:
            return None
        number = grouped
    if decimal != ".":
        if "." in number:
            return None
        number = number.replace(decimal, ".")
    found = _PLAIN.fullmatch(number.removeprefix("+"))
    if found is None or not (found[2] or found[3]):
        return None
    minus, whole, places, exponent = found.groups()
    return minus + (whole.lstrip("0") or "0") + (f".{places}" if places else "") + exponent


def _without_sign(text: str, sign: str | None) -> str:
    if not sign:
        return text
    minus, rest = ("-", text[1:].lstrip()) if text.startswith("-") else ("", text)
    rest = rest.removeprefix(sign) if rest.startswith(sign) else rest.removesuffix(sign)
    return minus + rest.strip()


def _ungrouped(number: str, decimal: str, thousands: str) -> str | None:
    """Without what separates thousands; None where a group has not the digits that it must have."""
    whole, point, places = number.partition(decimal)
    mark = re.escape(thousands)
    if thousands in places:
        return None
    # India groups by two digits, but for the last three.
    if thousands in whole and not re.fullmatch(rf"[+-]?\s*[0-9]{{1,3}}({mark}[0-9]{{2,3}})*{mark}[0-9]{{3}}", whole):
        return None
    return whole.replace(thousands, "") + point + places
