"""What the messages of a topic are made of, so that the diagnosis of a bad one can read each member on its own."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from typing import NamedTuple

import msgspec

from fraud_platform.messages.schemas import SCHEMA_VERSION

Path = tuple[str, ...]
"""Names of the members that lead to a value."""


class Member(NamedTuple):
    """A value in a message, and the field that it is."""

    field: str
    path: Path
    is_required: bool
    read: Callable[[msgspec.Raw], object]
    """Raises msgspec.ValidationError or ValueError, whose text is the reason, where it is no value of the field."""

    def reason(self, words: str) -> str:
        """The words, with the path where the field has another name than its member."""
        path = ".".join(self.path)
        return words if path == self.field else f"{words} ({path})"


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
        return {member.path: member for member in self.members}

    @cached_property
    def objects(self) -> frozenset[Path]:
        """Paths of the objects that the members lie in, the message itself apart."""
        return frozenset(member.path[:depth] for member in self.members for depth in range(1, len(member.path)))


@cache
def layout_of(struct: type[msgspec.Struct]) -> Layout:
    """That of a message whose fields stand in schemas.py."""
    members = tuple(
        Member(field.encode_name, (field.encode_name,), field.required, msgspec.json.Decoder(field.type).decode)
        for field in msgspec.structs.fields(struct)
    )
    return Layout(members, Version(("schema_version",), SCHEMA_VERSION))
