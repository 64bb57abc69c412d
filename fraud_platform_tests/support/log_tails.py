"""What services of a failed test wrote last, shown with its failure."""

from collections import deque
from collections.abc import Iterator
from pathlib import Path

LINES = 60
_folders: deque[Path] = deque(maxlen=2)
"""Those of the services that were started last."""


def show_on_failure(log_dir: Path) -> None:
    """Show this folder's logs with the next failure."""
    if log_dir in _folders:
        _folders.remove(log_dir)
    _folders.append(log_dir)


def log_tails() -> Iterator[tuple[str, str]]:
    """A title and the last LINES lines of each log."""
    for folder in _folders:
        for log in sorted(folder.glob("*.log")):
            lines = log.read_text(errors="replace").splitlines()[-LINES:]
            yield f"the end of {log.name}", "\n".join(line[:400] for line in lines)
