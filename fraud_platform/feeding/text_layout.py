"""How a text file of rows is written: what the declaration says of it, and what its bytes and its first line tell."""

import csv
import gzip
import io
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from fraud_platform.core.declaration.file_layout import FileLayout
from fraud_platform.errors import ConfigurationError
from fraud_platform.feeding.encoding import encoding_of
from fraud_platform.messages.tolerant import printable

_SEPARATORS = (",", ";", "\t", "|")
_CALLED = {"\t": "tab"}
_HEAD_BYTES = 1 << 20
"""The first line lies within."""
_GZIP = b"\x1f\x8b"
UNNAMED = "unnamed\x00"
"""What names of columns begin with that have none."""


@dataclass(frozen=True)
class TextLayout:
    """How one file is written."""

    encoding: str
    separator: str
    quote: str
    names: tuple[str, ...]
    """Of all columns, in their order; those without a name begin with UNNAMED."""
    lines_before: int
    """Of the file, before its rows."""
    is_compressed: bool
    notices: list[str] = field(default_factory=list)
    """What was found out, for a person to see."""


def is_compressed(path: Path) -> bool:
    """Whether it is gzip, whatever its name."""
    with path.open("rb") as file:
        return file.read(2) == _GZIP


def opened(path: Path) -> IO[bytes]:
    """The file's bytes, unpacked."""
    return gzip.open(path) if is_compressed(path) else path.open("rb")  # type: ignore[return-value]


def text_layout(path: Path, declared: FileLayout, wanted: Collection[str]) -> TextLayout:
    """How the file is written. wanted: names of columns that its rows are read by.

    Raises ConfigurationError, with what to declare, where it cannot be told, or a name is given to two columns.
    """
    encoding, quote = encoding_of(path, declared.encoding, opened), declared.quote or '"'
    with opened(path) as file:
        head = file.read(_HEAD_BYTES).decode(encoding, "ignore").removeprefix("\ufeff")
    lines = io.StringIO(head, newline=None).readlines()
    before = declared.skip
    separator: str | None = declared.separator
    if lines[before : before + 1] and lines[before].casefold().startswith("sep=") and len(lines[before].strip()) == 5:
        separator, before = separator or lines[before].strip()[-1], before + 1  # as Excel writes it
    while before < len(lines) and not lines[before].strip():
        before += 1
    if before >= len(lines):
        raise ConfigurationError(f"{path} is empty: it has no row")
    splits = _splits(lines[before:], quote, separator)
    found = _best(splits, wanted, declared.header)
    cells, count = splits[found]
    if len(cells) == 1 and (wider := _best(_splits(lines[before:], quote), wanted, declared.header)) != found:
        raise ConfigurationError(
            f"{path} has no {_CALLED.get(found, found)} in its first line, as the declaration says: "
            f"declare file: {{separator: {wider!r}}}, or leave it out"
        )
    notices = [] if separator or found == "," else [f"{path}: cells are separated by {_CALLED.get(found, found)}"]
    names, lines_of_header = _names(path, cells, count, declared, wanted)
    _require_different(path, names, declared)
    _require_closed(path, encoding, found, quote)
    return TextLayout(encoding, found, quote, names, before + lines_of_header, is_compressed(path), notices)


def _splits(lines: list[str], quote: str, separator: str | None = None) -> dict[str, tuple[tuple[str, ...], int]]:
    """For each separator that there may be, cells and lines of the first record."""
    return {mark: _first_record(lines, mark, quote) for mark in ([separator] if separator else _SEPARATORS)}


def _first_record(lines: list[str], separator: str, quote: str) -> tuple[tuple[str, ...], int]:
    """Its cells, and the lines that it takes."""
    reader = csv.reader(lines, delimiter=separator, quotechar=quote)
    try:
        return tuple(cell.strip() for cell in next(reader)), reader.line_num
    except (csv.Error, StopIteration):
        return (), 1


def _best(
    splits: dict[str, tuple[tuple[str, ...], int]], wanted: Collection[str], header: tuple[str, ...] | None
) -> str:
    """The separator by which the first line has most of what is wanted."""

    def fit(separator: str) -> tuple[int, int]:
        cells = splits[separator][0]
        return (len(cells) == len(header) if header else len(set(cells) & set(wanted))), len(cells)

    return max(splits, key=fit)


def _names(
    path: Path, cells: tuple[str, ...], lines: int, declared: FileLayout, wanted: Collection[str]
) -> tuple[tuple[str, ...], int]:
    """Names of the columns, and the lines of the header."""
    if declared.header is None:
        if wanted and not set(cells) & set(wanted):
            shown = printable(", ".join(cells), 200)
            raise ConfigurationError(
                f"{path} has none of the columns {', '.join(wanted)} in its first line ({shown}): if that is a row, "
                "name the columns by file: {header: [name, …]} in the declaration, otherwise correct the paths there"
            )
        return tuple(cell or f"{UNNAMED}{number}" for number, cell in enumerate(cells)), lines
    if len(declared.header) != len(cells):
        raise ConfigurationError(
            f"{path} has {len(cells)} cells in its first row, and file: {{header: …}} of the declaration names "
            f"{len(declared.header)} columns: name each of them"
        )
    return declared.header, lines if cells == declared.header else 0


def _require_different(path: Path, names: tuple[str, ...], declared: FileLayout) -> None:
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise ConfigurationError(
            f"{path} has column {', '.join(repeated)} twice: rename one of the two, or name all columns in the "
            f"declaration by file: {{header: [name, …], skip: {declared.skip + 1}}}"
        )


def _require_closed(path: Path, encoding: str, separator: str, quote: str) -> None:
    """Raises ConfigurationError where a quote is opened and never closed: all rows below it would be one cell."""
    with opened(path) as file:
        count = sum(chunk.count(quote.encode()) for chunk in iter(lambda: file.read(_HEAD_BYTES), b""))
    if count % 2 == 0:
        return
    with opened(path) as file:
        reader = csv.reader(
            io.TextIOWrapper(file, encoding, newline=""), delimiter=separator, quotechar=quote, strict=True
        )
        line = 1
        try:
            for _ in reader:
                line = reader.line_num + 1
        except csv.Error:
            raise ConfigurationError(
                f"{path} has a {quote} in line {line:,} that is not closed like those of cells: correct the file, or "
                'declare file: {quote: "\'"} if it is no quote'
            ) from None
