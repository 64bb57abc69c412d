"""Parts of the tree as typed objects: each option by the type that its struct declares."""

import functools
import re
from collections.abc import Iterator, Sequence
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

import msgspec

from fraud_platform.core.declaration.faults import Faults, Place, one_of, quoted
from fraud_platform.core.declaration.yaml_tree import Node

T = TypeVar("T", bound=msgspec.Struct)

_CALLED = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "empty",
}
_BOUNDS = {"<=": "at most", ">=": "at least", "<": "below", ">": "above"}
_OUT_OF_BOUNDS = re.compile(r"Expected `(\w+)`( of length)? ([<>]=?) (\S+)")
_WRONG_TYPE = re.compile(r"Expected `([a-z |]+)`, got `([a-z]+)`")


def converted(node: Node, into: type[T], faults: Faults, what: str, read: Sequence[str] = (), **known: Any) -> T | None:
    """The mapping as a struct; None where it has faults, which are added.

    what: how messages call the mapping. read: names in it that the caller has read itself.
    known: attributes that the mapping does not give.
    """
    if not isinstance(node.value, dict):
        faults.add(node.place, f"{what} is a mapping: its options in {{}}, or one a line")
        return None
    options = {option.encode_name: option for option in msgspec.structs.fields(into) if option.name not in known}
    sound = True
    for name in node.value:
        if name not in options and name not in read:
            faults.add(node.place_of(name), f"{what} has no option {quoted(name)}: {one_of(name, options)}")
            sound = False
    values = dict(known)
    for name, option in options.items():
        if name in node.value:
            value, is_sound = _option(node.value[name], name, into, option.name, faults)
            values[option.name], sound = value, sound and is_sound
        elif option.required:
            faults.add(node.place, f"{what} lacks {name}")
            sound = False
    return into(**values) if sound else None


def as_mapping(node: Node, faults: Faults, what: str) -> dict[str, Node]:
    """The nodes of a mapping by name; none where it is something else, which is a fault."""
    if isinstance(node.value, dict):
        return node.value
    faults.add(node.place, f"{what} is a mapping of names")
    return {}


def as_list(node: Node, faults: Faults, what: str) -> list[Node]:
    """The nodes of a list; none where it is something else, which is a fault."""
    if isinstance(node.value, list):
        return node.value
    faults.add(node.place, f"{what} is a list: one a line, each after a hyphen")
    return []


def _option(node: Node, name: str, into: type[msgspec.Struct], attribute: str, faults: Faults) -> tuple[Any, bool]:
    """The value of an option, and whether it has no fault."""
    alone = _alone(into, attribute)
    kind = alone.__annotations__["it"]
    if is_list_of_any_length(kind) and not isinstance(node.value, list):
        node = Node([node], node.place)
    try:
        return msgspec.convert({"it": node.plain()}, alone).it, True  # type: ignore[attr-defined]
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$.it")
        culprit = _at(node, path.rstrip("`"))
        faults.add(culprit.place, _reworded(message, name, culprit, kind))
        return None, False


@functools.cache
def _alone(into: type[msgspec.Struct], attribute: str) -> type[msgspec.Struct]:
    """A struct of one option, so that each has its own fault. A struct keeps what msgspec makes of its types."""
    kind = next(option.type for option in msgspec.structs.fields(into) if option.name == attribute)
    return msgspec.defstruct("Alone", [("it", kind)], frozen=True)


def _reworded(message: str, name: str, culprit: Node, kind: Any) -> str:
    """What msgspec says of an option, in the words of the declaration."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and not kind.__struct_fields__:
        return f"{name} takes nothing: write {name}: {{}}"
    if found := _WRONG_TYPE.fullmatch(message):
        wanted = " or ".join(_CALLED.get(part, part) for part in found[1].split(" | "))
        return f"{name} is {_CALLED.get(found[2], found[2])}: it must be {wanted}"
    shown = quoted(culprit.plain())
    if "enum value" in message:
        return f"{name} has no value {shown}: {one_of(culprit.value, map(str, _literals(kind)))}"
    if found := _OUT_OF_BOUNDS.fullmatch(message):
        return f"{name} is {shown}: it must {_within_bounds(*found.groups())}"
    if "regex" in message and (description := _description(kind)):
        return f"{name} is {shown}: it must be {description}"
    return f"{name} is {shown}: {message[:1].lower()}{message[1:].replace('`', '')}"


def _within_bounds(kind: str, of_length: str | None, comparison: str, bound: str) -> str:
    if of_length is None:
        return f"be {_BOUNDS[comparison]} {bound}"
    if (comparison, bound) == (">=", "1"):
        return "not be empty"
    return f"have {_BOUNDS[comparison]} {bound} {'values' if kind == 'array' else 'characters'}"


def _at(node: Node, path: str) -> Node:
    """The node at a path such as `[1].field` of msgspec."""
    for index, name in re.findall(r"\[(\d+)\]|\.(\w+)", path):
        within = node.value
        node = within[int(index)] if index else within.get(name, node)
    return node


def _parts(kind: Any) -> Iterator[Any]:
    """The type and all types within it."""
    yield kind
    for part in get_args(kind):
        yield from _parts(part)


def _literals(kind: Any) -> list[Any]:
    return [value for part in _parts(kind) if get_origin(part) is Literal for value in get_args(part)]


def _description(kind: Any) -> str | None:
    """Of the first type within that has a pattern."""
    for part in _parts(kind):
        for note in getattr(part, "__metadata__", ()):
            if isinstance(note, msgspec.Meta) and note.pattern:
                return note.description
    return None


def is_list_of_any_length(kind: Any) -> bool:
    """Whether an option of the type takes a list, or one value instead of a list of one."""
    while hasattr(kind, "__metadata__"):
        kind = get_args(kind)[0]
    if get_origin(kind) in (Union, UnionType):
        choices = [part for part in get_args(kind) if part is not NoneType]
        return len(choices) == 1 and is_list_of_any_length(choices[0])
    return get_origin(kind) is tuple and get_args(kind)[-1:] == (...,)


def place_of_option(node: Node, option: str) -> Place:
    """Where the value of an option stands; the line's own place if it is not given."""
    within = node.value.get(option) if isinstance(node.value, dict) else None
    return within.place if within is not None else node.place
