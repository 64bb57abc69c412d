"""Text of strangers, as a terminal or a log may show it: it moves no cursor, hides nothing, and has an end."""

import re

LONGEST = 2_000
"""Characters that are shown unless a caller says otherwise."""
_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Characters that Unicode counts as letters or marks, and no terminal shows."""


_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Controls of devices, lines and paragraphs, overrides of the direction, and halves of surrogate pairs."""


def is_name(text: str) -> bool:
    """Whether nothing in a text commands whoever shows it: letters of any script, any spaces and emoji are names.

    A name may hold what a terminal is not to show as it is, such as a space without break: see `printable`.
    """
    # isprintable alone is fast, and true of nearly all names
    return text.isprintable() or _CONTROLS.search(text) is None


def printable(text: object, most: int = LONGEST) -> str:
    r"""The text with everything that does not print escaped, and cut after `most` characters.

    Escaped are control characters, line breaks, direction overrides, characters without
    width, halves of surrogate pairs and all spaces but the common one.

    >>> printable("red\x1b[31m\n")
    'red\\x1b[31m\\n'
    """
    whole = str(text)
    shown = whole[:most]
    # isprintable alone is fast, and true of nearly all that is ever shown
    if not shown.isprintable() or not _INVISIBLE.isdisjoint(shown):
        shown = "".join(map(_escaped, shown))
    return shown if len(whole) <= most else f"{shown}… ({len(whole) - most:,} more)"


def _escaped(character: str) -> str:
    if character.isprintable() and character not in _INVISIBLE:
        return character
    return character.encode("unicode_escape").decode()
