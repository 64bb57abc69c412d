"""What commands print: text of strangers is shown as it is, never obeyed.

Strings may come from a message, a label, the ledger, MLflow or an exception, so every
string that this console prints is escaped, and none of it is markup. Style is given to
`styled`, whose result rich takes as it is.
"""

from typing import Any

import typer
from rich.console import Console, RenderableType
from rich.status import Status
from rich.text import Text

from fraud_platform.core.printable import LONGEST, printable

CELL = 160
"""Longest text in a table's cell."""
ERROR_LINES = 21
"""Most of an error: twenty faults, and how many more there are."""


class Terminal(Console):
    """A rich console for text that nobody vouches for."""

    def __init__(self, **options: Any) -> None:
        super().__init__(markup=False, emoji=False, highlight=False, **options)

    def render_str(self, text: str, **options: Any) -> Text:
        return super().render_str(printable(text), **options)

    def status(self, status: RenderableType, **options: Any) -> Status:
        return _PlainStatus(styled(status), console=self, **options)


class _PlainStatus(Status):
    """Rich would read a status as markup, whatever its console does."""

    def update(self, status: RenderableType | None = None, **options: Any) -> None:
        super().update(None if status is None else styled(status), **options)


def terminal() -> Terminal:
    """Standard output."""
    return Terminal()


def progress_on_stderr() -> Terminal:
    """For spinners, which must not mix with what a program reads."""
    return Terminal(stderr=True)


def styled(text: object, style: str = "", most: int = LONGEST) -> Text:
    """Text of strangers in a style of ours."""
    return text if isinstance(text, Text) else Text(printable(text, most), style=style)


def cell(text: object, style: str = "") -> Text:
    """The same for a table; a missing value is empty."""
    return styled("" if text is None else text, style, CELL)


def say(text: object, most: int = LONGEST, *, err: bool = False) -> None:
    """Print one line."""
    typer.echo(printable(text, most), err=err)


def say_error(error: object) -> None:
    """Print an error in red; lines after its first are indented, so that none can pass for a line of ours."""
    lines = str(error).splitlines() or [""]
    typer.secho("error: " + "\n  ".join(map(printable, lines[:ERROR_LINES])), err=True, fg=typer.colors.RED)
