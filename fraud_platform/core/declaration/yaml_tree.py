"""YAML text as a tree whose parts know their line and column.

Safe by construction: only mappings, lists and plain values are read, and tags, anchors
and aliases are refused. So nothing is built, run or multiplied.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.reader import Reader

from fraud_platform.core.declaration.faults import Faults, Place, quoted

LARGEST_BYTES = 1_000_000
DEEPEST = 12
"""Mappings and lists within each other."""
LONGEST_NUMBER = 18
"""Digits of a whole number that fits 64 bits in any case."""
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""Events of the C library, ten times faster, where PyYAML was built with it."""

_WORDS = {"": None, "null": None, "~": None, "true": True, "false": False}
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_START = Place(1, 1)


@dataclass(frozen=True)
class Node:
    """A value, a list of nodes or a mapping of nodes by name."""

    value: Any
    place: Place
    keys: dict[str, Place] = field(default_factory=dict)
    """Of a mapping: where each of its names stands."""

    def plain(self) -> Any:
        """The same as values, lists and dictionaries."""
        if isinstance(self.value, dict):
            return {name: node.plain() for name, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value

    def place_of(self, name: str) -> Place:
        """Where the name stands; the node's own place if it is not there."""
        return self.keys.get(name, self.place)


@dataclass
class _Open:
    """A mapping or a list that is being read."""

    node: Node
    key: tuple[str, Place] | None = None
    """Of a mapping: the name whose value comes next."""

    @property
    def wants_key(self) -> bool:
        return isinstance(self.node.value, dict) and self.key is None


def parsed(source: str | bytes, faults: Faults) -> Node:
    """The tree of YAML text. Duplicate names are added to the faults.

    Numbers, true, false and null are as in YAML 1.2, so `no`, `on` and 1:30 are text; a number with leading
    zeros is text, too, since it is a code. Raises ConfigurationError where there is no tree.
    """
    text = _decoded(source, faults)
    try:
        return _tree(yaml.parse(text, Loader=LOADER), faults)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = _place(mark) if mark else _START
        lines = text.splitlines()
        line = lines[place.line - 1] if place.line <= len(lines) else ""
        if "\t" in line[: place.column]:
            faults.fail(place, "a tab: indent with spaces")
        faults.fail(place, f"no YAML: {error.problem or error.context}")


def _decoded(source: str | bytes, faults: Faults) -> str:
    if len(source) > LARGEST_BYTES:
        faults.fail(_START, f"{len(source):,} bytes: a declaration has at most {LARGEST_BYTES:,}")
    try:
        text = source.decode() if isinstance(source, bytes) else source
        text.encode()
    except UnicodeError as error:
        faults.fail(_START, f"not UTF-8 from byte {getattr(error, 'start', 0):,} on: save the file as UTF-8")
    text = text.removeprefix("\ufeff")
    if unprintable := Reader.NON_PRINTABLE.search(text):
        before = text[: unprintable.start()]
        place = Place(before.count("\n") + 1, unprintable.start() - before.rfind("\n"))
        faults.fail(place, f"a character that YAML does not take: remove {quoted(unprintable[0])}")
    return text


def _tree(events: Iterator[yaml.Event], faults: Faults) -> Node:
    opened: list[_Open] = []
    root: Node | None = None
    for event in events:
        done = _read(event, opened, faults)
        if done is None:
            continue
        node, text = done
        if opened:
            _put(opened[-1], node, text, faults)
        elif root is None:
            root = node
        else:
            faults.fail(node.place, "a second document: a file holds one declaration, without ---")
    return root or Node(None, _START)


def _read(event: yaml.Event, opened: list[_Open], faults: Faults) -> tuple[Node, str] | None:
    """The node that ends with the event, and its text if it is a value."""
    if isinstance(event, yaml.NodeEvent):
        _refuse_what_is_not_plain(event, faults)
    if isinstance(event, yaml.ScalarEvent):
        place = _place(event.start_mark)
        return Node(_value(event, place, faults), place), event.value
    if isinstance(event, yaml.CollectionStartEvent):
        place = _place(event.start_mark)
        if opened and opened[-1].wants_key:
            faults.fail(place, "a list or a mapping as a name: a name is text")
        if len(opened) == DEEPEST:
            faults.fail(place, f"more than {DEEPEST} mappings and lists within each other")
        opened.append(_Open(Node({} if isinstance(event, yaml.MappingStartEvent) else [], place)))
    elif isinstance(event, yaml.CollectionEndEvent):
        return opened.pop().node, ""
    return None


def _refuse_what_is_not_plain(event: yaml.NodeEvent, faults: Faults) -> None:
    place = _place(event.start_mark)
    if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
        faults.fail(place, "an anchor or alias (& or *): write the value out")
    if event.tag is not None:
        faults.fail(place, "a tag (!): write the value without it, and in quotes where it is text")


def _put(within: _Open, node: Node, text: str, faults: Faults) -> None:
    if isinstance(within.node.value, list):
        within.node.value.append(node)
    elif within.key is None:
        within.key = text, node.place
    else:
        (name, place), within.key = within.key, None
        if name in within.node.value:
            first = within.node.keys[name].line
            faults.add(place, f"{quoted(name)} is given twice, first in line {first}: leave one of them out")
            return
        within.node.value[name] = node
        within.node.keys[name] = place


def _value(event: yaml.ScalarEvent, place: Place, faults: Faults) -> str | int | float | bool | None:
    text = event.value
    if not event.implicit[0]:  # in quotes
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        if len(text.lstrip("+-")) > LONGEST_NUMBER:
            faults.fail(place, f"a number of more than {LONGEST_NUMBER} digits: put it in quotes if it is text")
        return int(text)
    if _NUMBER.fullmatch(text):
        number = float(text)
        if not math.isfinite(number):
            faults.fail(place, f"{quoted(text)} is too large for a number")
        return number
    return text


def _place(mark: Any) -> Place:
    return Place(mark.line + 1, mark.column + 1)
