"""The layout of a declaration's messages: each field read alone, and the words for what is no value of it."""

from typing import Any, Literal, Union

import msgspec

from fraud_platform.core.declaration.declaration import Declaration
from fraud_platform.core.declaration.fields.field import AS_WRITTEN, Field
from fraud_platform.messages.layout import Layout, Member, Version

_QUOTES_VALUE = "Invalid enum value"
"""How a reason of msgspec begins that goes on with what the sender wrote."""


def layout_of_declaration(declaration: Declaration) -> Layout:
    """The version comes first, since without it nothing is known of the others."""
    members = [_member(field) for field in declaration.world]
    version = declaration.header.message.version
    if version is None:
        return Layout(tuple(members), None)
    path = tuple(version.member.split("."))
    kind: Any = Literal[version.equals]  # type: ignore[name-defined]
    first = Member(version.member, path, True, msgspec.json.Decoder(kind).decode)
    return Layout((first, *members), Version(path, version.equals))


def _member(field: Field) -> Member:
    kind = Union[field.json_type, None] if field.optional else field.json_type  # noqa: UP007 - Any
    decode = msgspec.json.Decoder(kind, float_hook=AS_WRITTEN).decode

    def read(raw: msgspec.Raw) -> None:
        try:
            value = decode(raw)
            if value is not None or not field.optional:
                field.column([value])
        except ArithmeticError:
            raise ValueError("is beyond what can be computed with") from None
        except msgspec.ValidationError as error:
            if field.personal and str(error).startswith(_QUOTES_VALUE):
                raise ValueError(_QUOTES_VALUE) from None
            raise

    return Member(field.name, field.source, not field.optional, read)
