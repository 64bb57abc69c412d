"""JSON Schema of a declaration, for editors: derived from the objects that a declaration is read into."""

from typing import Any

import msgspec

from fraud_platform.core.declaration.conversion import is_list_of_any_length
from fraud_platform.core.declaration.declaration import FeatureGroup, Header
from fraud_platform.core.declaration.field_reading import MOST_FIELDS
from fraud_platform.core.declaration.fields.field import NAME_PATTERN
from fraud_platform.core.declaration.fields.table import FIELD_TYPES
from fraud_platform.core.declaration.file_layout import FileLayout
from fraud_platform.core.declaration.kinds.table import FEATURE_KINDS
from fraud_platform.core.declaration.kinds.windowed import WindowedLine
from fraud_platform.core.declaration.labels import Labels

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_REFERENCE = "#/$defs/{name}"
Schema = dict[str, Any]


def json_schema() -> Schema:
    """The schema, as JSON values. What it cannot say, such as that a name is that of a field, reading checks."""
    field_types, kinds = list(FIELD_TYPES.values()), list(FEATURE_KINDS.values())
    structs: list[type[msgspec.Struct]] = [Header, Labels, FileLayout, FeatureGroup, *field_types, *kinds]
    _, definitions = msgspec.json.schema_components(structs, ref_template=_REFERENCE)
    for struct in structs:
        _allow_one_for_a_list(definitions[struct.__name__], struct)
    for field_type in field_types:
        _leave_out_name(definitions[field_type.__name__])
    lines = [_reference(kind) for kind in kinds]
    group = definitions[FeatureGroup.__name__]
    within = [_without_shared(definitions[kind.__name__]) for kind in kinds if issubclass(kind, WindowedLine)]
    group["properties"]["features"] = {"type": "array", "items": {"oneOf": within}}
    group["required"].append("features")
    whole = definitions.pop(Header.__name__)
    whole["properties"] |= {
        "fields": {
            "type": "object",
            "propertyNames": {"pattern": NAME_PATTERN},
            "maxProperties": MOST_FIELDS,
            "additionalProperties": {"oneOf": [_reference(field_type) for field_type in field_types]},
        },
        "features": {"type": "array", "items": {"oneOf": [*lines, _reference(FeatureGroup)]}},
    }
    whole["required"] += ["fields", "features"]
    return {"$schema": DIALECT, **whole, "title": "Declaration", "$defs": definitions}


def _reference(struct: type[msgspec.Struct]) -> Schema:
    return {"$ref": _REFERENCE.format(name=struct.__name__)}


def _allow_one_for_a_list(definition: Schema, struct: type[msgspec.Struct]) -> None:
    for option in msgspec.structs.fields(struct):
        if is_list_of_any_length(option.type):
            many = definition["properties"][option.encode_name]
            one = many.get("items") or next(part["items"] for part in many["anyOf"] if "items" in part)
            definition["properties"][option.encode_name] = {"anyOf": [one, many]}


def _without_shared(definition: Schema) -> Schema:
    """The line of a group, whose owner and windows are the group's."""
    properties = {name: part for name, part in definition["properties"].items() if name not in ("per", "over")}
    required = [name for name in definition["required"] if name not in ("per", "over", "where")]
    return {**definition, "properties": properties, "required": required}


def _leave_out_name(definition: Schema) -> None:
    """A field's name stands before the colon."""
    del definition["properties"]["name"]
    definition["required"].remove("name")
    if definition["properties"].get("role", {}).get("type") == "null":
        del definition["properties"]["role"]
