"""JSON Schema of a declaration's messages, for those who produce them.

It says what a schema can say of a message by itself. That its key is Kafka's, that its time is near the message's
timestamp, that ids print and that an amount has no more decimal places than declared, only the decoder checks.
"""

from typing import Any

from fraud_platform.core.declaration.declaration import Declaration
from fraud_platform.core.declaration.fields.field import split_path
from fraud_platform.core.declaration.json_schema import DIALECT, Schema


def message_json_schema(declaration: Declaration) -> Schema:
    """The schema, as JSON values. Members that it does not name are allowed, and ignored."""
    whole = _object()
    if version := declaration.header.message.version:
        _put(whole, split_path(version.member), {"const": version.equals}, is_required=True)
    for field in declaration.world:
        value = field.message_schema
        described = {"title": field.called, **(value if not field.optional else {"anyOf": [value, {"type": "null"}]})}
        for path in field.sources:
            _put(whole, path, described, is_required=not field.optional)
    for name in reversed(split_path(declaration.header.message.envelope or "")):
        whole = {"type": "object", "properties": {name: {"anyOf": [whole, {"type": "null"}]}}, "required": [name]}
    return {"$schema": DIALECT, "title": declaration.header.name, **whole}


def _object() -> Schema:
    return {"type": "object", "properties": {}, "required": []}


def _put(within: Schema, path: tuple[str, ...], value: Schema, is_required: bool) -> None:
    """Add a member, and the objects that it lies in. An object with a member that has to be there has to be there."""
    *above, last = path
    for name in above:
        inner: dict[str, Any] = within["properties"].setdefault(name, _object() | {"type": ["object", "null"]})
        if is_required:
            inner["type"] = "object"
            _require(within, name)
        within = inner
    within["properties"][last] = value
    if is_required:
        _require(within, last)


def _require(within: Schema, name: str) -> None:
    if name not in within["required"]:
        within["required"].append(name)
