"""What a declaration makes of JSON: a msgspec struct for the message and for each object in it, and their columns."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Union

import msgspec

from fraud_platform.core.declaration.declaration import Declaration
from fraud_platform.core.declaration.fields.field import Field

_Tree = dict[str, Any]
"""Name of a member → its Field, the type of the version, or the tree of an object."""


@dataclass
class Flat:
    """Members of messages as columns. None stands for null and for what is not there."""

    fields: dict[str, Sequence[Any]] = field(default_factory=dict)
    """Those of the declared fields, by name, as msgspec read them."""
    incomplete: set[str] = field(default_factory=set)
    """Names of the fields in whose column a None is."""
    members: int = 0
    """How many names a message has that lacks nothing."""
    gaps: list[Sequence[Any]] = field(default_factory=list)
    """The columns with a None, those of objects as well."""

    def all_names(self, messages: int) -> int:
        """Of all messages together, how many declared names they surely have."""
        return self.members * messages - sum(column.count(None) for column in self.gaps)

    def names(self) -> list[int]:
        """Of each message, how many of its declared names it surely has."""
        return [self.members - row.count(None) for row in zip(*self.gaps, strict=True)]


@dataclass(frozen=True)
class Record:
    """A struct and what its members are: a field, an object with members of its own, or the version."""

    struct: type[msgspec.Struct]
    parts: tuple["Field | Record | None", ...]
    are_optional: tuple[bool, ...]
    """Which of the parts may be null or absent."""

    @property
    def is_optional(self) -> bool:
        return all(self.are_optional)

    def flatten(self, structs: Sequence[Any], flat: Flat) -> Flat:
        """Add the columns of these structs, which are the record's, to `flat`."""
        flat.members += len(self.parts)
        rows = map(msgspec.structs.astuple, structs)
        columns: Sequence[Sequence[Any]] = list(zip(*rows, strict=True)) if structs else [()] * len(self.parts)
        for part, is_optional, column in zip(self.parts, self.are_optional, columns, strict=True):
            has_gaps = is_optional and None in column
            if has_gaps:
                flat.gaps.append(column)
            if isinstance(part, Record):
                part.flatten([part.struct() if s is None else s for s in column] if has_gaps else column, flat)
            elif part is not None:
                flat.fields[part.name] = column
                if has_gaps:
                    flat.incomplete.add(part.name)
        return flat


def record_of(declaration: Declaration) -> Record:
    """That of a whole message."""
    tree: _Tree = {}
    if version := declaration.header.message.version:
        _put(tree, tuple(version.member.split(".")), Literal[version.equals])  # type: ignore[name-defined]
    for declared in declaration.world:
        _put(tree, declared.source, declared)
    return _record(tree)


def _put(tree: _Tree, path: tuple[str, ...], leaf: Any) -> None:
    *above, last = path
    for name in above:
        tree = tree.setdefault(name, {})
    tree[last] = leaf


def _record(tree: _Tree) -> Record:
    parts: list[Field | Record | None] = []
    are_optional: list[bool] = []
    members: list[tuple[str, Any] | tuple[str, Any, None]] = []
    for leaf in tree.values():
        part = _record(leaf) if isinstance(leaf, dict) else leaf if isinstance(leaf, Field) else None
        kind = part.struct if isinstance(part, Record) else part.json_type if part is not None else leaf
        attribute = f"member_{len(parts)}"  # a name in a message need not be one in Python
        is_optional = (isinstance(part, Field) and part.optional) or (isinstance(part, Record) and part.is_optional)
        members.append((attribute, Union[kind, None], None) if is_optional else (attribute, kind))  # noqa: UP007 - Any
        parts.append(part)
        are_optional.append(is_optional)
    names = {f"member_{number}": name for number, name in enumerate(tree)}
    struct = msgspec.defstruct("Message", members, kw_only=True, gc=False, rename=names)
    return Record(struct, tuple(parts), tuple(are_optional))
