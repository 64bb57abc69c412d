"""The sentences that a reason says of a value, as far as a declaration writes them itself."""

import re
from collections.abc import Collection, Iterator
from string import Formatter

from fraud_platform.core.declaration.faults import one_of, quoted
from fraud_platform.core.declaration.windows import NO_WINDOW, Window

_NUMBER_FORMAT = re.compile(r"\+?,?(\.[0-9])?[fge%]?")


def in_window(template: str, window: Window) -> str:
    """The text with {window} and {period} filled in: 1d, 24 hours."""
    if window == NO_WINDOW:
        return template
    return template.replace("{window}", window.text).replace("{period}", window.spoken)


def literal(text: str) -> str:
    """Text within a sentence, where braces mean themselves."""
    return text.replace("{", "{{").replace("}", "}}")


def faults_of_words(words: str, features: Collection[str]) -> Iterator[str]:
    """What cannot be said of any row with these features.

    >>> list(faults_of_words("{valu:.0f} times", ["amount"]))
    ['words ask for valu: did you mean value?']
    """
    try:
        parts = list(Formatter().parse(words))
    except ValueError as error:
        yield f"words {quoted(words)}: {error}; a brace that means itself is written twice"
        return
    known = ["value", *features]
    for _, name, number_format, conversion in parts:
        if name is None:
            continue
        if name not in known:
            yield f"words ask for {quoted(name)}: {one_of(name, known)}"
        elif conversion or not _NUMBER_FORMAT.fullmatch(number_format or ""):
            yield f"words write {name} as {quoted(number_format or conversion)}: a format is like .0f, ,.2f or .1%"
