"""The fields of a declaration from its tree, and whether their roles fit together."""

import re
from operator import eq

from fraud_platform.core.declaration import reserved
from fraud_platform.core.declaration.conversion import as_mapping, converted, place_of_option
from fraud_platform.core.declaration.faults import Faults, Place, one_of, quoted
from fraud_platform.core.declaration.fields.category import Category
from fraud_platform.core.declaration.fields.decimal import Decimal
from fraud_platform.core.declaration.fields.field import NAME_PATTERN, Field, written_path
from fraud_platform.core.declaration.fields.table import FIELD_TYPES
from fraud_platform.core.declaration.yaml_tree import Node

MOST_FIELDS = 500
REQUIRED_ROLES = {"transaction": "id", "time": "timestamp"}
"""Role that every world has → type of its field."""


def read_fields(node: Node, faults: Faults) -> tuple[Field, ...]:
    """The fields without faults, in their order."""
    named = as_mapping(node, faults, "fields")
    if len(named) > MOST_FIELDS:
        faults.fail(node.place, f"{len(named)} fields: a declaration has at most {MOST_FIELDS}")
    before = len(faults)
    fields = [field for name, part in named.items() if (field := _field(name, part, node, faults))]
    if len(faults) == before:  # else a role may be missing for another fault only
        _check_roles(fields, node, faults)
        _check_paths(fields, node, faults)
        _check_currencies(fields, node, faults)
    return tuple(fields)


def _field(name: str, node: Node, fields: Node, faults: Faults) -> Field | None:
    what = f"field {quoted(name)}"
    if not re.fullmatch(NAME_PATTERN, name):
        faults.add(
            fields.place_of(name), f"{what}: a name has small letters, digits and _ only; path says the member's"
        )
        return None
    if name in reserved.FIELDS:
        faults.add(
            fields.place_of(name),
            f"{what}: a column of the lake's tables has this name: give the field another, and path: {name}",
        )
        return None
    if not isinstance(node.value, dict) or "type" not in node.value:
        faults.add(node.place, f"{what} lacks its type: {{type: id}}, for example")
        return None
    type_name = node.value["type"].value
    if not isinstance(type_name, str) or type_name not in FIELD_TYPES:
        faults.add(
            node.value["type"].place,
            f"{what} has no type {quoted(node.value['type'].plain())}: {one_of(type_name, FIELD_TYPES)}",
        )
        return None
    field = converted(node, FIELD_TYPES[type_name], faults, what, read=("type",), name=name)
    for fault in field.faults() if field else ():
        faults.add(place_of_option(node, fault.option), f"{what}: {fault.text}")
    return field


def _check_roles(fields: list[Field], node: Node, faults: Faults) -> None:
    owners: dict[str, str] = {}
    for field in fields:
        if field.role is None:
            continue
        if field.role in owners:
            place = place_of_option(node.value[field.name], "role")
            faults.add(place, f"{owners[field.role]} has role {field.role} already: take it from one of the two")
        owners.setdefault(field.role, field.name)
    for role, type_name in REQUIRED_ROLES.items():
        if role not in owners:
            faults.add(node.place, f"no field has role {role}: add role: {role} to a field of type {type_name}")


def _check_paths(fields: list[Field], node: Node, faults: Faults) -> None:
    seen: dict[tuple[str, ...], str] = {}
    for field in fields:
        for source in field.sources:
            if source in seen:
                place = place_of_option(node.value[field.name], "path")
                faults.add(place, f"{field.name} and {seen[source]} are the same member: give one another path")
            seen.setdefault(source, field.name)
    for field in fields:
        for source in field.sources:
            if above := next((seen[source[:depth]] for depth in range(1, len(source)) if source[:depth] in seen), None):
                place = place_of_option(node.value[field.name], "path")
                faults.add(place, f"{field.name} lies in {above}, which is a value itself: give one another path")


def check_version(version: tuple[str, ...], place: Place, fields: tuple[Field, ...], faults: Faults) -> None:
    """The member that says the layout is none that a field is read from, nor one in or around it."""
    for field in fields:
        if any(all(map(eq, version, source)) for source in field.sources):
            faults.add(place, f"{written_path(version)} is what field {field.name} is read from: leave one of them out")


def _check_currencies(fields: list[Field], node: Node, faults: Faults) -> None:
    categories = [field.name for field in fields if isinstance(field, Category)]
    for field in fields:
        currency = field.currency_field if isinstance(field, Decimal) else None
        if currency is not None and currency not in categories:
            place = place_of_option(node.value[field.name], "currency_field")
            faults.add(place, f"{currency} is no field of type category: {one_of(currency, categories)}")
