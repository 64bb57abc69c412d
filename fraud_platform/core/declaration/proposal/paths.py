"""Paths of a declaration that lead to columns of a file."""

import msgspec

from fraud_platform.core.declaration.fields.field import Path, column_of_path, split_path, written_path


def path_of(column: str, name: str) -> dict[str, str] | None:
    """The option that leads to the column; None where no path can."""
    if column == name:
        return {}
    for path in (column, written_path([column])):
        try:
            if column_of_path(split_path(msgspec.convert(path, Path))) == column:
                return {"path": path}
        except msgspec.ValidationError:
            continue
    return None
