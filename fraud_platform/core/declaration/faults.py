"""What is wrong with a declaration: every fault with its place, told in one DeclarationError."""

import difflib
from collections.abc import Iterable
from typing import NamedTuple, NoReturn

from fraud_platform.core.printable import printable
from fraud_platform.errors import DeclarationError

MOST_SHOWN = 20
MOST_KEPT = 200
"""Reading ends there, so that a file of nothing but faults takes no longer than another."""
MOST_NAMES = 30
LONGEST_QUOTE = 60
"""Characters of somebody's text that a fault repeats."""


class Place(NamedTuple):
    """Where something stands in the file, counted from 1."""

    line: int
    column: int


class Fault(NamedTuple):
    """What is wrong with an option of a line, and the way out."""

    option: str
    text: str


class Faults:
    """The faults of one file."""

    def __init__(self, file: str) -> None:
        """file: how messages name it."""
        self._file = file
        self._found: dict[tuple[Place, str], None] = {}

    def __len__(self) -> int:
        return len(self._found)

    def add(self, place: Place, text: str) -> None:
        """A fault that the reader can read on after. The same one twice is one; raises after MOST_KEPT."""
        self._found[place, text] = None
        if len(self._found) == MOST_KEPT:
            self.raise_if_any()

    def fail(self, place: Place, text: str) -> NoReturn:
        """A fault that makes the rest unreadable: raises DeclarationError with it alone."""
        line = self._line(place, text)
        raise DeclarationError(line, (line,))

    def raise_if_any(self) -> None:
        """Raise DeclarationError with one line a fault, in the order of the file."""
        if self._found:
            lines = [self._line(place, text) for place, text in sorted(self._found)]
            more = len(lines) - MOST_SHOWN
            shown = lines[:MOST_SHOWN] + [f"… and {more} more"] * (more > 0)
            raise DeclarationError("\n".join(shown), tuple(lines))

    def _line(self, place: Place, text: str) -> str:
        return f"{self._file}:{place.line}:{place.column}: {text}"


def quoted(text: object) -> str:
    """Somebody's text as a message may repeat it: printable and short."""
    return printable(text, LONGEST_QUOTE)


def one_of(name: object, known: Iterable[str]) -> str:
    """The way out of an unknown name: the known one that is meant, or all of them.

    >>> one_of("mechant", ["merchant", "card"])
    'did you mean merchant?'
    >>> one_of("x", ["merchant", "card"])
    'there are merchant, card'
    """
    names = list(known)
    close = difflib.get_close_matches(str(name)[:LONGEST_QUOTE], names, n=1)
    if close:
        return f"did you mean {close[0]}?"
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return f"there are {', '.join(names[:MOST_NAMES])}{more}" if names else "there are none"
