"""The layout of a declaration's messages: each field read alone, and the words for what is no value of it."""

from collections.abc import Sequence
from typing import Any, Literal, Union

import msgspec

from fraud_platform.core.declaration.declaration import Declaration
from fraud_platform.core.declaration.fields.field import AS_WRITTEN, Field, split_path
from fraud_platform.messages.layout import Layout, Member, Version

_QUOTES_VALUE = "Invalid enum value"
"""How a reason of msgspec begins that goes on with what the sender wrote."""


def layout_of_declaration(declaration: Declaration) -> Layout:
    """The version comes first, since without it nothing is known of the others."""
    members = [_member(field) for field in declaration.world]
    version = declaration.header.message.version
    if version is None:
        return Layout(tuple(members), None)
    path = split_path(version.member)
    kind: Any = Literal[version.equals]  # type: ignore[name-defined]
    first = Member(version.member, (path,), True, msgspec.json.Decoder(kind).decode)
    return Layout((first, *members), Version(path, version.equals))


def _member(field: Field) -> Member:
    kind = Union[field.json_type, None] if field.optional else field.json_type  # noqa: UP007 - Any
    decode = msgspec.json.Decoder(kind, float_hook=AS_WRITTEN).decode

    def read(raw: msgspec.Raw) -> Any:
        try:
            return decode(raw)
        except msgspec.ValidationError as error:
            if field.personal and str(error).startswith(_QUOTES_VALUE):
                raise ValueError(_QUOTES_VALUE) from None
            raise

    def check(values: Sequence[Any]) -> None:
        whole = values[0] if len(values) == 1 else tuple(values)
        if field.optional and values.count(None) == len(values):
            return
        try:
            field.column([whole])
        except ArithmeticError:
            raise ValueError("is beyond what can be computed with") from None

    return Member(field.name, field.sources, not field.optional, read, check)
