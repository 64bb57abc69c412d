"""How files of transactions are written, where a file itself does not tell."""

import codecs
from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from fraud_platform.core.declaration.faults import Fault, quoted
from fraud_platform.core.declaration.number_notation import Separator

Encoding = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,40}$(?!\n)", description="such as latin-1")]
Sign = Annotated[
    str,
    Meta(
        pattern=r"^[^0-9.,+()\s'\u2212-]{1,8}$(?!\n)",
        description="letters or signs that change no number, such as $ or EUR",
    ),
]
ColumnName = Annotated[str, Meta(min_length=1, max_length=256)]


class FileLayout(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of CSV files, but for missing, and for numbers and signs in text."""

    separator: Literal[",", ";", "\t", "|"] | None = None
    """Between cells; by default what the first line has."""
    quote: Literal['"', "'"] | None = None
    """Around cells; by default the double one."""
    encoding: Encoding | None = None
    """By default UTF-8, or UTF-16 where the file begins with its mark."""
    header: Annotated[tuple[ColumnName, ...], Meta(min_length=1, max_length=5000)] | None = None
    """Names of the columns of a file that has none."""
    skip: Annotated[int, Meta(ge=0, le=1000)] = 0
    """Lines before the header, or before the rows where header names the columns."""
    decimal: Literal[".", ","] = "."
    """Before the decimal places of numbers."""
    thousands: Separator | None = None
    """Between groups of three digits."""
    sign: Sign | None = None
    """Text before or after amounts that is left out, such as $."""
    missing: Annotated[tuple[str, ...], Meta(max_length=50)] | None = None
    """Cells that mean the same as an empty one."""

    def faults(self) -> Iterator[Fault]:
        """What contradicts itself."""
        if self.thousands == self.decimal:
            yield Fault("thousands", "decimal and thousands are the same: declare decimal, too, such as decimal: ','")
        if self.header is not None and len(set(self.header)) < len(self.header):
            yield Fault("header", "a column is listed twice: give each a name of its own")
        if self.encoding is not None:
            try:
                codecs.lookup(self.encoding)
            except LookupError:
                yield Fault("encoding", f"there is no encoding {quoted(self.encoding)}: such as latin-1 or utf-16")


DEFAULT_LAYOUT = FileLayout()
LOOK_MISSING = frozenset(("NaN", "nan", "NULL", "null", "None", "<NA>", "NaT", "#N/A", r"\N"))
"""What programs write where there is nothing. NA is not among them: it is Namibia, too."""
