r"""Members whose names have a quote or a backslash, which msgspec takes for no name of a struct.

Such a member is read under another name, which no message can give it: the object that it lies in is written anew
with its declared members only. Messages of such a declaration take some four times as long; others are not touched.
"""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from fraud_platform.messages.layout import Path

Read = Callable[[Any], Any]
_Names = dict[str, "_Names | None"]
"""Name of a member → those within it that matter, or None where its value is taken as it is."""
_ALIASES = str.maketrans({'"': "\x7fq", "\\": "\x7fb"})
"""A path has no \x7f, so that no other declared name is like an alias."""

_members_of = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_written = msgspec.json.Encoder().encode


def alias_of(name: str) -> str:
    """The name itself, unless msgspec refuses it."""
    return name.translate(_ALIASES)


def reading_aliases(read: Read, paths: Iterable[Path]) -> Read:
    """`read` for messages that have the names themselves on these paths. Raises msgspec.DecodeError as it does."""
    names: _Names = {}
    paths = list(paths)
    if all(alias_of(name) == name for path in paths for name in path):
        return read
    for path in paths:
        within: Any = names
        for name in path[:-1]:
            within = within.setdefault(name, {})
        within[path[-1]] = None
    return lambda value: read(_renamed(value, names))


def _renamed(value: Any, names: _Names) -> bytes:
    """An object with the declared members alone, under their aliases. What is no object stays what it is."""
    if not bytes(value).lstrip().startswith(b"{"):
        return bytes(value)
    return _written(
        {
            alias_of(name): raw if (within := names[name]) is None else msgspec.Raw(_renamed(raw, within))
            for name, raw in _members_of(value).items()
            if name in names
        }
    )
