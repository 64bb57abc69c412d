"""A proposal as the text of a declaration, with comments where it is a guess."""

import json
import re
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from fraud_platform.core.declaration.field_reading import MOST_FIELDS
from fraud_platform.core.declaration.file_layout import FileLayout
from fraud_platform.core.declaration.proposal.features import feature_lines
from fraud_platform.core.declaration.proposal.fields import (
    Proposed,
    amount_of,
    field_name,
    field_of,
    id_options,
    personal,
)
from fraud_platform.core.declaration.proposal.paths import path_of
from fraud_platform.core.declaration.proposal.profile import NOTATIONS, Profile
from fraud_platform.core.declaration.proposal.roles import Roles, time_options, values_of_label, words_of
from fraud_platform.core.declaration.reading import read_declaration
from fraud_platform.core.printable import printable
from fraud_platform.errors import DeclarationError

_WIDTH = 116
_PLAIN = re.compile(r"[A-Za-z_$][A-Za-z0-9_.$/-]*")
_SAID = re.compile(r"fraud|chargeback|label")
_Value = str | int | bool | list[str]


def declaration_of(
    name: str, file: str, profiles: Mapping[str, Profile], roles: Roles, leaks: Sequence[str], layout: FileLayout
) -> str:
    """The text of a declaration of a file with these columns.

    leaks: columns that give the label away. layout: how the file is written, notation of numbers apart.
    """
    notation = _notation(profiles, roles)
    fields, left_out = _fields(profiles, roles, leaks, notation)
    lines = [f"# Proposed from {printable(file, 200)}: go through what is not sure, then `fraud declaration check`."]
    lines += [f"name: {name}", "history: 30d", "", "fields:"]
    for field in fields:
        options = ", ".join(f"{option}: {_written(value)}" for option, value in field.options.items())
        lines += [f"  # {field.name}: {field.comment}"] * bool(field.comment)
        lines.append(f"  {field.name}: {{type: {field.type}{', ' + options if options else ''}}}")
    for why, columns in left_out.items():
        lines += _wrapped(f"{why}: {', '.join(printable(column, 100) for column in columns)}")
    lines += ["", *_labels(profiles[roles.label], roles, fields), *_file(layout, notation, profiles, roles)]
    return _with_features("\n".join([*lines, "", "features:"]), feature_lines(fields))


def _with_features(text: str, features: Sequence[str]) -> str:
    """The text with those lines under which it still reads: a column may have the name of a feature."""
    lines = [f"  {line}" if line.startswith("#") else f"  - {line}" for line in features]
    whole = "\n".join([text, *lines, ""])
    if _reads(whole):
        return whole
    kept: list[str] = []
    for line in lines:
        if line.startswith("  #") or _reads("\n".join([text, *kept, line, ""])):
            kept.append(line)
    return "\n".join([text, *kept, ""])


def _reads(text: str) -> bool:
    try:
        read_declaration(text, "")
    except DeclarationError:
        return False
    return True


def _fields(
    profiles: Mapping[str, Profile], roles: Roles, leaks: Sequence[str], notation: tuple[str, str | None]
) -> tuple[list[Proposed], dict[str, list[str]]]:
    """The fields, and by reason the columns that are left out."""
    left_out: dict[str, list[str]] = {}
    fields = _with_roles(profiles, roles)
    taken = {field.name for field in fields}
    used = {roles.label, roles.transaction, roles.key, roles.amount, roles.reported, *roles.time}
    for column, profile in profiles.items():
        if column in used:
            continue
        why = _reason(column, profile, leaks)
        name = field_name(column, taken)
        path = path_of(column, name)
        if why is None and path is None:
            why = "left out, since no path leads to such a name"
        found = _in_notation(profile, notation, name) if why is None else why
        if isinstance(found, Proposed) and len(fields) >= MOST_FIELDS:
            found = f"left out, since a declaration has {MOST_FIELDS} fields"
        if isinstance(found, str):
            left_out.setdefault(found, []).append(column)
            continue
        found.options = {**(path or {}), **found.options}
        taken.add(name)
        fields.append(found)
    return fields, left_out


def _reason(column: str, profile: Profile, leaks: Sequence[str]) -> str | None:
    """Why a column is no field."""
    if column in leaks:
        return "left out, since they give the label away"
    if _SAID.search(words_of(column)):
        return "left out, not sure: their names say that they are known after the label only"
    return "left out, since they are constant" if profile.is_constant and profile.known else None


def _in_notation(profile: Profile, notation: tuple[str, str | None], name: str) -> Proposed | str:
    if profile.notations and (notation not in profile.notations or profile.sign):
        profile.notations = []  # to the declared notation it is text
    found = field_of(profile, name)
    return f"left out, since they are {found}" if isinstance(found, str) else found


def _with_roles(profiles: Mapping[str, Profile], roles: Roles) -> list[Proposed]:
    taken: set[str] = set()

    def named(column: str) -> tuple[str, dict[str, Any]]:
        name = field_name(column, taken)
        taken.add(name)
        return name, dict(path_of(column, name) or {})

    if roles.transaction is None:
        taken.add("transaction_id")
        comment = "not sure: no column is the id of a transaction, so rows are numbered"
        fields = [Proposed("transaction_id", "id", {"role": "transaction"}, comment)]
    else:
        name, path = named(roles.transaction)
        fields = [Proposed(name, "id", {"role": "transaction", **path, **id_options(profiles[roles.transaction])})]
    if roles.key is not None:
        name, path = named(roles.key)
        options = {"role": "key", **path, **id_options(profiles[roles.key]), **personal(roles.key)}
        fields.append(Proposed(name, "id", options, roles.comments.get("key", "")))
    options, comment = time_options(roles, profiles)
    name, path = ("event_time", {}) if len(roles.time) > 1 else named(roles.time[0])
    fields.append(Proposed(name, "timestamp", {"role": "time", **path, **options}, comment))
    if roles.amount is not None:
        name, path = named(roles.amount)
        amount = amount_of(profiles[roles.amount], name)
        amount.options = {"role": "amount", **path, **amount.options}
        fields.append(amount)
    return fields


def _labels(label: Profile, roles: Roles, fields: Sequence[Proposed]) -> list[str]:
    by_role = {field.role: field for field in fields}
    transaction, key = by_role["transaction"], by_role.get("key")
    options: dict[str, _Value] = {
        "transaction": transaction.options.get("path", transaction.name),
        "is_fraud": _path(label.name),
        "reported_at": _path(roles.reported or "reported_at"),
    }
    if key:
        options["key"] = key.options.get("path", key.name)
    lines = []
    if values := values_of_label(label):
        options |= {"fraud": list(values[0]), "legitimate": list(values[1])}
        lines.append("# not sure: which values mean fraud")
    return [*lines, f"labels: {{{', '.join(f'{name}: {_written(value)}' for name, value in options.items())}}}"]


def _path(column: str) -> str:
    return (path_of(column, "") or {}).get("path", column)


def _notation(profiles: Mapping[str, Profile], roles: Roles) -> tuple[str, str | None]:
    """That of the amount, which has the most to lose."""
    amount = profiles.get(roles.amount or "")
    return amount.notations[0] if amount and amount.notations else NOTATIONS[0]


def _file(
    layout: FileLayout, notation: tuple[str, str | None], profiles: Mapping[str, Profile], roles: Roles
) -> list[str]:
    told = {"encoding": layout.encoding, "quote": layout.quote}
    options: dict[str, _Value] = {name: value for name, value in told.items() if value is not None}
    if notation[0] != ".":
        options["decimal"] = notation[0]
    if notation[1]:
        options["thousands"] = notation[1]
    amount = profiles.get(roles.amount or "")
    if amount and amount.sign and not amount.is_sign_before:
        options["sign"] = amount.sign
    if missing := sorted(set().union(*(profile.missing for profile in profiles.values()))):
        options["missing"] = missing
    if not options:
        return []
    comment = ["# not sure: the encoding, since the file is not UTF-8"] if layout.encoding else []
    comment += ["# not sure: that these words stand for no value"] if missing else []
    return [*comment, f"file: {{{', '.join(f'{name}: {_written(value)}' for name, value in options.items())}}}"]


def _written(value: Any) -> str:
    """In YAML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return f"[{', '.join(map(_written, value))}]"
    if not isinstance(value, str) or _PLAIN.fullmatch(value):
        return str(value)
    return "".join(char if char.isprintable() else _escaped(char) for char in json.dumps(value, ensure_ascii=False))


def _escaped(char: str) -> str:
    return f"\\u{ord(char):04x}" if ord(char) < 1 << 16 else f"\\U{ord(char):08x}"


def _wrapped(text: str) -> list[str]:
    return [f"  # {line}" for line in textwrap.wrap(text, _WIDTH, break_long_words=False, break_on_hyphens=False)]
