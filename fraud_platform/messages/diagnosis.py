"""Why bytes are no message: field and reason for a person to read. Runs for the few that the fast decoder refused.

The field never comes from a parser's prose, which repeats what the sender wrote: each field is decoded on its own,
and the one at fault is the one that fails.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from fraud_platform.core.declaration.fields.field import written_path
from fraud_platform.messages.layout import Layout, Member, Path, layout_of
from fraud_platform.messages.tolerant import printable

MOST_DEPTH = 64
"""Levels of arrays and objects. Far from every parser's own limit, which depends on how deep its caller stands."""
MOST_FIELD, MOST_REASON = 64, 240
"""Characters of field and reason: they travel in headers and stand in tables."""
_INTEGER_DIGITS = 600
"""Python refuses to read integers of some thousand digits; those with more than these are read as float64."""

_STRINGS = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)', re.DOTALL)
"""Strings, the last of them perhaps without its end. Possessive: no input makes it go back."""
_BRACKETS = re.compile(rb"[\[\]{}]")


class Fault(NamedTuple):
    """What is wrong with a message. `field` is "value" where the message as a whole is at fault."""

    field: str
    reason: str


_TOO_DEEP = Fault("value", f"is nested too deeply, over {MOST_DEPTH} levels")


class _Constant(str):
    """NaN, Infinity or -Infinity, which Python reads and no JSON has."""


def diagnose(value: bytes | None, message: type[msgspec.Struct] | Layout) -> Fault:
    """Field and reason of bytes that are no such message, short and printable. Raises nothing, whatever the bytes.

    Python's lenient parser tells a NaN in a field, or an unknown version, from bytes that
    are not JSON at all.
    """
    try:
        fault = _fault_of(value, message if isinstance(message, Layout) else layout_of(message))
    except Exception as unforeseen:  # each is a fault of the message: nothing a sender writes may stop its reader
        fault = Fault("value", f"cannot be read ({type(unforeseen).__name__})")
    return bounded(fault)


def bounded(fault: Fault) -> Fault:
    """The same in characters that print, and few enough for a header."""
    limits = zip(fault, (MOST_FIELD, MOST_REASON), strict=True)
    field, reason = (printable(text, most)[:most] for text, most in limits)
    return Fault(field or "value", reason)


def hidden_fault(value: bytes) -> Fault | None:
    """What the fast decoder does not look at: a name given twice, nesting, and text that is not UTF-8."""
    return _document(value)[1]


def is_too_deep(value: bytes) -> bool:
    """Whether arrays and objects lie in one another over MOST_DEPTH deep; without recursion, in linear time."""
    if value.count(b"[") + value.count(b"{") <= MOST_DEPTH:
        return False
    depth = 0
    for bracket in _BRACKETS.finditer(_STRINGS.sub(b"", value)):
        depth += 1 if bracket[0] in b"[{" else -1
        if depth > MOST_DEPTH:
            return True
    return False


def _document(value: bytes) -> tuple[Any, Fault | None]:
    """What bytes say as JSON, and what is wrong with them as such."""
    if is_too_deep(value):
        return None, _TOO_DEEP
    try:
        return _parse(value)
    except ValueError:
        return None, Fault("value", "is not JSON")


def _fault_of(value: bytes | None, layout: Layout) -> Fault:
    if not value:
        return Fault("value", "is empty")
    document, fault = _document(value)
    if fault:
        return fault
    if not isinstance(document, dict):
        return Fault("value", "is not a JSON object")
    return _version_fault(document, layout) or _number_fault(document, layout) or _field_fault(value, layout)


def _version_fault(document: dict[str, Any], layout: Layout) -> Fault | None:
    """That of a version which is there and another one; where it is missing or no number, it is at fault as a field."""
    if layout.version is None:
        return None
    path, expected = layout.version
    version: Any = document
    for name in path:
        version = version.get(name, expected) if isinstance(version, dict) else expected
    if version == expected and not isinstance(version, bool):
        return None
    return Fault(written_path(path), f"unknown version {json.dumps(version)[:40]}, expected {expected}")


def _number_fault(document: dict[str, Any], layout: Layout) -> Fault | None:
    """A NaN anywhere, which no JSON has, or a number beyond float64 in a field of the message's own."""
    for path, item in _items(document, (), layout.objects):
        member = layout.by_path.get(path)
        beyond = isinstance(item, float) and not math.isfinite(item) and member is not None
        if beyond or isinstance(item, _Constant):
            words = f"is not a finite number: {item}"
            return Fault(member.field, member.reason(words, path)) if member else Fault(written_path(path), words)
    return None


def _items(document: dict[str, Any], above: Path, objects: frozenset[Path]) -> Iterator[tuple[Path, Any]]:
    """Path and value of each member, and of those of the objects that have fields."""
    for name, item in document.items():
        path = (*above, name)
        if isinstance(item, dict) and path in objects:
            yield from _items(item, path, objects)
        else:
            yield path, item


def _field_fault(value: bytes, layout: Layout) -> Fault:
    """The first field, in the order of their declaration, that is missing or fails on its own."""
    try:
        fields = _read_object(value)
    except msgspec.DecodeError:
        return Fault("value", "is not JSON")
    faults = (_member_fault(member, fields) for member in layout.members)
    return next(filter(None, faults), Fault("value", "cannot be read"))


def _member_fault(member: Member, fields: dict[str, msgspec.Raw]) -> Fault | None:
    values: list[Any] = []
    looked_at: tuple[Path, ...] = ()
    try:
        for path in member.paths:
            looked_at = (path,)
            raw = _raw_value(path, fields, member.is_required)
            if raw is None and member.is_required:
                return Fault(member.field, member.reason("is missing", path))
            values.append(None if raw is None else member.read(raw))
        if 0 < values.count(None) < len(values):
            return Fault(member.field, member.reason("is missing", member.paths[values.index(None)]))
        looked_at = member.paths
        member.check(values)
    except (msgspec.ValidationError, ValueError) as error:
        words = str(error)
        return Fault(member.field, member.reason(words[0].lower() + words[1:], *looked_at))
    return None


_read_object = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def _raw_value(path: Path, fields: dict[str, msgspec.Raw], is_required: bool) -> msgspec.Raw | None:
    """What the message has at the path; None where it has nothing. Raises msgspec.ValidationError."""
    *above, last = path
    for name in above:
        if name not in fields or (bytes(fields[name]) == b"null" and not is_required):
            return None
        fields = _read_object(fields[name])
    return fields.get(last)


def _parse(value: bytes) -> tuple[Any, Fault | None]:
    """The document, and a name that an object of it has twice: parsers differ in which of the values they take.

    Raises ValueError where the bytes are not JSON; NaN and the like are.
    """
    repeated: list[str] = []
    outermost: list[str] = []

    def object_of(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        document = dict(pairs)
        outermost.clear()  # an object is closed before the one that it lies in
        if len(document) < len(pairs):
            counts = Counter(name for name, _ in pairs)
            outermost.append(counts.most_common(1)[0][0])
            repeated.append(outermost[0])
        return document

    # Decoded here, since json.loads would guess UTF-16 and UTF-32, and drop a byte order mark.
    document = json.loads(value.decode(), object_pairs_hook=object_of, parse_int=_number, parse_constant=_Constant)
    if outermost and isinstance(document, dict):
        return document, Fault(outermost[0], "is given twice")
    return document, Fault("value", f"has an object in which {repeated[0]} is given twice") if repeated else None


def _number(digits: str) -> int | float:
    return int(digits) if len(digits) < _INTEGER_DIGITS else float(digits)
