"""Which declarations of a time read a text: for advice, since a guess is never acted on."""

import functools
import re
from collections.abc import Iterable
from itertools import product

from fraud_platform.core.declaration.fields.time_reading import time_of_format

_ORDERS = ("%Y{0}%m{0}%d", "%d{0}%m{0}%Y", "%m{0}%d{0}%Y", "%d{0}%b{0}%Y", "%d{0}%m{0}%y", "%m{0}%d{0}%y")
_MARKS = ("/", "-", ".", " ")
_CLOCKS = (
    *("", "%H:%M", "%H:%M:%S", "%H:%M:%S.%f", "%I:%M %p", "%I:%M:%S %p", "%H:%M:%S%z", "%H:%M:%S.%f%z"),
    *("%H:%M:%S UTC", "%H:%M:%S.%f UTC", "%H:%M:%S+00", "%H:%M:%S.%f+00"),  # without a colon %z reads none of them
)
FORMATS = (
    *(
        order.format(mark) + (between + clock if clock else "")
        for order, mark, clock, between in product(_ORDERS, _MARKS, _CLOCKS, (" ", "T"))
        if clock or between == " "
    ),
    *("%Y%m%d", "%Y%m%d%H%M%S", "%Y%m%d %H:%M:%S", "%b %d, %Y %I:%M:%S %p", "%a %b %d %H:%M:%S %Y"),
)
_PARTS = {
    **dict.fromkeys(("%m", "%d", "%H", "%I", "%M", "%S"), r"\d{1,2}"),
    **{"%Y": r"\d{4}", "%y": r"\d{2}", "%f": r"\d{1,6}", "%p": r"[AaPp][Mm]", "%j": r"\d{1,3}"},
}
"""Directive → what may stand there, no narrower than strptime has it; others are taken for any word."""
_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}$")
_DIGITS = {10: "s", 13: "ms", 16: "us", 19: "ns"}
"""Of a count since 1970 in our days, the unit."""


def formats_of(texts: Iterable[str]) -> list[str]:
    """Formats that read all of the texts as times from 2000 to 2099.

    >>> formats_of(["12/02/2026 10:00", "13/02/2026 10:00"])
    ['%d/%m/%Y %H:%M']
    """
    left = list(FORMATS)
    for text in texts:
        left = [form for form in left if is_of(form, text, 2000)]
        if not left:
            break
    return left


def unit_of(numbers: Iterable[int]) -> str | None:
    """The unit in which all of the numbers count from 1970 to times of 2001 to 2099."""
    digits = {len(str(number)) for number in numbers}
    return _DIGITS.get(digits.pop()) if len(digits) == 1 else None


def advice(text: str) -> str:
    """How a time is declared that such a text is.

    >>> advice("1772359200"), advice("01-Mar-2026 10:00:00")
    ('declare unit: s', "declare format: '%d-%b-%Y %H:%M:%S'")
    """
    text = text.strip()
    if (formats := formats_of([text])) and not text.isdecimal():
        if len(formats) > 1:
            shown = ", or ".join(repr(form) for form in sorted(formats, key=lambda form: "%d" in form[:2]))
            return f"declare format: {shown}: day and month cannot be told apart"
        return _of_format(formats[0])
    if re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text):
        return _of_number(text, formats)
    if _ISO.match(text):
        return "the calendar has no such time: correct it"
    return "declare its format, such as format: '%d/%m/%Y %H:%M', if it is a time"


def _of_format(form: str) -> str:
    if form in ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%dT%H:%M:%S.%f"):
        return "without an offset it needs a zone: declare zone: UTC, or where it was written"
    return f"declare format: {form!r}"


def _of_number(text: str, formats: list[str]) -> str:
    whole, point, _ = text.partition(".")
    if formats:
        return f"declare format: {formats[0]!r}"
    unit = unit_of([int(whole)])
    if point and text.rstrip("0")[-1] != ".":
        return "numbers are whole: give it in a smaller unit" + (f" than {unit}" if unit else "")
    return f"declare unit: {unit}" if unit else "declare its unit, and the epoch that it counts from"


def swapped(form: str) -> str | None:
    """The format with day and month exchanged; None where it does not have both as numbers.

    >>> swapped("%d/%m/%Y")
    '%m/%d/%Y'
    """
    if "%d" not in form or "%m" not in form:
        return None
    return form.replace("%d", "\0").replace("%m", "%d").replace("\0", "%m")


def is_of(form: str, text: str, first_year: int = 1) -> bool:
    """Whether the format reads the text as a time of that year or a later one."""
    text = text.strip()
    if not _shape(form).fullmatch(text):
        return False
    try:
        return first_year <= time_of_format(text, form).year < 2100
    except ValueError:
        return False


@functools.cache
def _shape(form: str) -> re.Pattern[str]:
    """What texts of the format look like: strptime itself compiles a format nearly each time that formats alternate."""
    parts = re.split(r"(%.)", form)
    return re.compile("".join(_PARTS.get(part, r"\S+") if part[:1] == "%" else re.escape(part) for part in parts))
