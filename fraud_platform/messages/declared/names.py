"""Whether a message gives a name twice, of which the fast decoder takes the last and other readers the first."""

from collections.abc import Sequence
from typing import Any

import msgspec

from fraud_platform.messages.declared.records import Flat
from fraud_platform.messages.diagnosis import is_too_deep

_COLONS_OF_NAMES = (b'":', b" :", b"\t:", b"\n:", b"\r:")
_OBJECTS_AND_LISTS = frozenset((dict, list))
_decode = msgspec.json.Decoder().decode


def in_doubt(values: Sequence[Any], flat: Flat) -> list[int]:
    """Numbers of the messages whose names may not all differ: `hidden_fault` has to look at these. values: bytes."""
    # A name has a colon: if there are no more of these than names that are surely there, no message has another name.
    if sum([value.count(b":") for value in values]) == flat.all_names(len(values)):
        return []
    names = flat.names() if flat.gaps else [flat.members] * len(values)
    counts = enumerate(zip(values, names, strict=True))
    return [i for i, (value, own) in counts if value.count(b":") > own and not is_sound(value, own)]


def is_sound(value: bytes, own: int) -> bool:
    """Whether the names of a message differ for sure.

    own: how many declared names it surely has. It has no more names than colons after a quote
    or a blank. If it has as many different ones, each is there once.
    """
    most = sum(map(value.count, _COLONS_OF_NAMES))
    if most <= own:
        return True
    try:
        value.decode()
        return not is_too_deep(value) and most <= _different_names(_decode(value))
    except Exception:  # hidden_fault says what it is
        return False


def _different_names(document: Any) -> int:
    """Names of an object and of those in it, one that stands twice in the same object counted once."""
    names, within = 0, [document]
    while within:
        item = within.pop()
        if isinstance(item, dict):
            names += len(item)
            item = item.values()
        within += [part for part in item if type(part) in _OBJECTS_AND_LISTS]
    return names
