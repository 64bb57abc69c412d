"""What the messages of a topic are made of, so that the diagnosis of a bad one can read each member on its own."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, NamedTuple

import msgspec

from fraud_platform.core.declaration.fields.field import written_path
from fraud_platform.messages.schemas import SCHEMA_VERSION

Path = tuple[str, ...]
"""Names of the members that lead to a value."""


def _takes_all(values: Sequence[Any]) -> None:
    """What `check` is where all is said by `read`."""


class Member(NamedTuple):
    """A value in a message, or several that make one, and the field that it is."""

    field: str
    paths: tuple[Path, ...]
    """Of several either all are there, or none."""
    is_required: bool
    read: Callable[[msgspec.Raw], Any]
    """Of one of the values. Raises msgspec.ValidationError or ValueError with the reason where its type is wrong."""
    check: Callable[[Sequence[Any]], object] = _takes_all
    """Of all values, as they were read. Raises ValueError with the reason where the field does not take them."""

    def reason(self, words: str, *paths: Path) -> str:
        """The words, with the paths where the field has another name than its member."""
        where = ", ".join(map(written_path, paths))
        return words if where == self.field else f"{words} ({where})"


class Version(NamedTuple):
    """The member that says which layout a message has, and what it has to say."""

    path: Path
    expected: int | str


@dataclass(frozen=True)
class Layout:
    """The members of a message in the order in which they are looked at."""

    members: tuple[Member, ...]
    version: Version | None

    @cached_property
    def by_path(self) -> dict[Path, Member]:
        return {path: member for member in self.members for path in member.paths}

    @cached_property
    def objects(self) -> frozenset[Path]:
        """Paths of the objects that the members lie in, the message itself apart."""
        return frozenset(path[:depth] for path in self.by_path for depth in range(1, len(path)))


@cache
def layout_of(struct: type[msgspec.Struct]) -> Layout:
    """That of a message whose fields stand in schemas.py."""
    members = tuple(
        Member(field.encode_name, ((field.encode_name,),), field.required, msgspec.json.Decoder(field.type).decode)
        for field in msgspec.structs.fields(struct)
    )
    return Layout(members, Version(("schema_version",), SCHEMA_VERSION))
