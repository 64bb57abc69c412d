"""What a declaration makes of JSON: a msgspec struct for the message and for each object in it, and their columns."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, Union

import msgspec

from fraud_platform.core.declaration.declaration import Declaration
from fraud_platform.core.declaration.fields.field import Field, split_path
from fraud_platform.messages.declared.aliases import alias_of
from fraud_platform.messages.layout import Path

_Tree = dict[str, Any]
"""Name of a member → its _Leaf, or the tree of an object."""


class _Leaf(NamedTuple):
    """A member that is no object."""

    path: Path | None
    """None for the version, whose value nobody asks for."""
    json_type: Any
    is_optional: bool


@dataclass
class Flat:
    """Members of messages as columns. None stands for null and for what is not there."""

    columns: dict[Path, Sequence[Any]] = field(default_factory=dict)
    """Those of the declared fields, as msgspec read them."""
    incomplete: set[Path] = field(default_factory=set)
    """Paths of those in whose column a None is."""
    members: int = 0
    """How many names a message has that lacks nothing."""
    gaps: list[Sequence[Any]] = field(default_factory=list)
    """The columns with a None, those of objects as well."""

    def values(self, field: Field) -> tuple[Sequence[Any], bool]:
        """What the messages have of a field, and whether some of them have none of it, which is a None."""
        is_incomplete = not self.incomplete.isdisjoint(field.sources)
        if len(field.sources) == 1:
            return self.columns[field.source], is_incomplete
        rows = list(zip(*[self.columns[source] for source in field.sources], strict=True))
        nothing = (None,) * len(field.sources)
        return [None if row == nothing else row for row in rows] if is_incomplete else rows, is_incomplete

    def all_names(self, messages: int) -> int:
        """Of all messages together, how many declared names they surely have."""
        return self.members * messages - sum(column.count(None) for column in self.gaps)

    def names(self) -> list[int]:
        """Of each message, how many of its declared names it surely has."""
        return [self.members - row.count(None) for row in zip(*self.gaps, strict=True)]


@dataclass(frozen=True)
class Record:
    """A struct and what its members are: the path of a field's value, an object with members of its own, or neither."""

    struct: type[msgspec.Struct]
    parts: tuple["Path | Record | None", ...]
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
                flat.columns[part] = column
                if has_gaps:
                    flat.incomplete.add(part)
        return flat


def record_of(declaration: Declaration) -> Record:
    """That of a whole message."""
    tree: _Tree = {}
    if version := declaration.header.message.version:
        _put(tree, split_path(version.member), _Leaf(None, Literal[version.equals], False))  # type: ignore[name-defined]
    for declared in declaration.world:
        for path in declared.sources:
            _put(tree, path, _Leaf(path, declared.json_type, declared.optional))
    return _record(tree)


def _put(tree: _Tree, path: Path, leaf: _Leaf) -> None:
    *above, last = path
    for name in above:
        tree = tree.setdefault(name, {})
    tree[last] = leaf


def _record(tree: _Tree) -> Record:
    parts: list[Path | Record | None] = []
    are_optional: list[bool] = []
    members: list[tuple[str, Any] | tuple[str, Any, None]] = []
    for leaf in tree.values():
        part = _record(leaf) if isinstance(leaf, dict) else leaf.path
        kind = part.struct if isinstance(part, Record) else leaf.json_type
        is_optional = part.is_optional if isinstance(part, Record) else leaf.is_optional
        attribute = f"member_{len(parts)}"  # a name in a message need not be one in Python
        members.append((attribute, Union[kind, None], None) if is_optional else (attribute, kind))  # noqa: UP007 - Any
        parts.append(part)
        are_optional.append(is_optional)
    names = {f"member_{number}": alias_of(name) for number, name in enumerate(tree)}
    struct = msgspec.defstruct("Message", members, kw_only=True, gc=False, rename=names)
    return Record(struct, tuple(parts), tuple(are_optional))
