"""A declaration proposed for a labelled file: the file is read twice, what is proposed stands in core."""

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from fraud_platform.core.declaration.file_layout import DEFAULT_LAYOUT, FileLayout
from fraud_platform.core.declaration.labels import FRAUD, label_text
from fraud_platform.core.declaration.proposal.leaks import Association, is_many
from fraud_platform.core.declaration.proposal.paths import path_of
from fraud_platform.core.declaration.proposal.profile import Profile
from fraud_platform.core.declaration.proposal.roles import label_of, roles_of, values_of_label, words_of
from fraud_platform.core.declaration.proposal.writing import declaration_of
from fraud_platform.errors import ConfigurationError
from fraud_platform.feeding.arrow_cells import cells_of
from fraud_platform.feeding.file_rows import FileRows, open_files

_ENCODINGS = (DEFAULT_LAYOUT, FileLayout(encoding="cp1252"), FileLayout(encoding="latin-1"))
_MOST_LABELS = 20


def proposed_declaration(
    files: Sequence[Path],
    name: str | None = None,
    label: str | None = None,
    on_rows: Callable[[int], object] = lambda count: None,
) -> str:
    """The text of a declaration under which every row of the files can be sent.

    name: of the declaration; by default that of the file. label: the column that says fraud. Raises
    ConfigurationError where a file cannot be read, or no column says fraud or the time.
    """
    rows, layout = _opened(files)
    profiles = _profiles(rows, on_rows)
    if layout.quote is None and any(profile.known and profile.is_quoted for profile in profiles.values()):
        layout = msgspec.structs.replace(layout, quote="'")
        rows = open_files(files, layout)
        profiles = _profiles(rows, on_rows)
    label = label or label_of(profiles)
    if label is None or label not in profiles:
        raise ConfigurationError(
            f"{files[0]} has no column {label or 'whose name says fraud'}: name it by --label; "
            f"it has {', '.join(profiles)}"
        )
    if profiles[label].distinct > _MOST_LABELS:
        raise ConfigurationError(f"column {label} has more than {_MOST_LABELS} values, which is no label: name another")
    if path_of(label, "") is None:
        raise ConfigurationError(f"no path of a declaration leads to column {label}: rename it, such as to is_fraud")
    roles = roles_of(profiles, label)
    if not roles.time:
        raise ConfigurationError(
            f"{files[0]} has no column with a time in every row, which a transaction needs: correct the file"
        )
    kept = {label, roles.transaction, roles.key, roles.amount, roles.reported, *roles.time}
    leaks = _leaks(rows, profiles, label, [column for column in profiles if column not in kept])
    named = name or files[0].name.partition(".")[0]
    return declaration_of(_sound(named), files[0].name, profiles, roles, leaks, layout)


def _opened(files: Sequence[Path]) -> tuple[FileRows, FileLayout]:
    """The rows, in the first encoding that the files may have."""
    for layout in _ENCODINGS:
        try:
            rows = open_files(files, layout)
            for _ in rows.batches(rows.names) if layout.encoding else ():
                pass
            return rows, layout
        except (ConfigurationError, UnicodeError) as error:
            if "is not UTF-8" not in str(error) and layout.encoding is None:
                raise
    raise ConfigurationError(f"{files[0]} is in no encoding that is known: save it as UTF-8")


def _profiles(rows: FileRows, on_rows: Callable[[int], object]) -> dict[str, Profile]:
    profiles = {name: Profile(name) for name in rows.names}
    count = 0
    for batch in rows.batches(rows.names):
        for name, column in zip(rows.names, batch.rows.columns, strict=True):
            profiles[name].add(cells_of(column))
        count += batch.rows.num_rows
        on_rows(count)
    return profiles


def _leaks(rows: FileRows, profiles: dict[str, Profile], label: str, columns: Sequence[str]) -> list[str]:
    """Columns by whose values frauds can be told."""
    found = {name: Association(is_many(profiles[name].distinct)) for name in columns}
    values = values_of_label(profiles[label])
    frauds = {label_text(text) for text in (values[0] if values else FRAUD)}
    for batch in rows.batches([label, *columns]):
        is_fraud = [label_text(cell) in frauds for cell in cells_of(batch.rows.column(label))]
        for name, association in found.items():
            texts = ["" if cell is None else str(cell) for cell in cells_of(batch.rows.column(name))]
            association.add(texts, is_fraud)
    return [name for name, association in found.items() if association.tells]


def _sound(name: str) -> str:
    """A name that a declaration may have."""
    words = words_of(name)
    return (words if words[:1].isalpha() else f"file_{words}")[:63]
