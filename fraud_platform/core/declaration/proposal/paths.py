"""Paths of a declaration that lead to columns of a file."""

import msgspec

from fraud_platform.core.declaration.fields.field import Path, split_path, written_path


def path_of(column: str, name: str) -> dict[str, str] | None:
    """The option that leads to the column; None where no path can."""
    if column == name:
        return {}
    try:
        path = msgspec.convert(column, Path)
    except msgspec.ValidationError:
        return None
    return {"path": path} if written_path(split_path(path)) == column else None
