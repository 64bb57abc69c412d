"""Files that outlive a power cut: whole under their name, or not there at all."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

UNFINISHED = ".unfinished"


@contextmanager
def durable_file(path: Path) -> Iterator[IO[bytes]]:
    """A file to write that gets its name once its content, and then the name itself, are on the disk."""
    make_folder(path.parent)
    # Random: scorers in two containers have the same process ids.
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(8)}{UNFINISHED}")
    try:
        with unfinished.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)  # on a full disk it would take the room of the next attempt
        raise
    sync_folder(path.parent)


def write_text(path: Path, text: str) -> None:
    with durable_file(path) as file:
        file.write(text.encode())


def make_folder(folder: Path) -> None:
    """Make a folder, with those above it, that a power cut does not take away."""
    if not folder.exists():
        make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Have the names in a folder on the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_unfinished(folder: Path) -> None:
    """Delete what killed processes left; only where no other one writes."""
    for path in folder.rglob(f"*{UNFINISHED}"):
        path.unlink(missing_ok=True)
