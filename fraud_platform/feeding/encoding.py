"""Which characters the bytes of a text file stand for: looked at as a whole, since one byte at its end may tell."""

import codecs
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from fraud_platform.errors import ConfigurationError

_CHUNK_BYTES = 1 << 20
_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32",  # begins with the mark of UTF-16
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_ONE_BYTE = ("iso8859", "cp125", "latin", "mac", "koi8")
"""Names that encodings begin with in which any bytes are text."""


@dataclass
class _Seen:
    """What the bytes of a file have."""

    is_ascii: bool = True
    invalid_line: int | None = None
    """First that is not UTF-8."""
    has_zeros: bool = False


def encoding_of(path: Path, declared: str | None, opened: Callable[[Path], IO[bytes]]) -> str:
    """The encoding: the declared one, or UTF-16 by its mark, or UTF-8.

    Raises ConfigurationError where the file is not in it, or declared as one of single bytes and plainly in UTF-8.
    """
    with opened(path) as file:
        start = file.read(4)
    if declared is None:
        declared = next((name for mark, name in _MARKS.items() if start.startswith(mark)), "utf-8")
    known = codecs.lookup(declared).name
    if known in ("utf-8", "utf-8-sig"):
        _require_utf8(path, _seen(path, opened))
        return "utf-8"
    if known.startswith(_ONE_BYTE):
        seen = _seen(path, opened)
        if not seen.is_ascii and seen.invalid_line is None:
            raise ConfigurationError(
                f"{path} is UTF-8, and the declaration says {declared}: leave out encoding under file:"
            )
    return declared


def _require_utf8(path: Path, seen: _Seen) -> None:
    if seen.has_zeros:
        raise ConfigurationError(
            f"{path} has bytes that are 0, as UTF-16 has and files that are no text: if it is text, declare "
            "file: {encoding: utf-16-le}"
        )
    if seen.invalid_line is not None:
        raise ConfigurationError(
            f"{path} is not UTF-8 in line {seen.invalid_line:,}: declare its encoding, such as "
            "file: {encoding: cp1252} of Windows or file: {encoding: latin-1}"
        )


def _seen(path: Path, opened: Callable[[Path], IO[bytes]]) -> _Seen:
    seen, lines = _Seen(), 1
    decoder = codecs.getincrementaldecoder("utf-8")()
    with opened(path) as file:
        while chunk := file.read(_CHUNK_BYTES):
            seen.is_ascii = seen.is_ascii and chunk.isascii()
            seen.has_zeros = seen.has_zeros or b"\0" in chunk
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError as error:
                # The decoder's own bytes may begin in the chunk before, on the same line.
                seen.invalid_line = lines + error.object[: error.start].count(b"\n")
                return seen
            lines += chunk.count(b"\n")
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        seen.invalid_line = lines
    return seen
