"""Temporary folders that outlive no process for long: what a killed one leaves behind, the next one deletes."""

import fcntl
import os
import shutil
import tempfile
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


class TemporaryFolder:
    """A new folder, which lasts as long as the object and the process do.

    The process holds a lock on it, which ends with the process however that ends. So a folder
    without a lock belongs to nobody.
    """

    def __init__(self, prefix: str, parent: Path | None = None) -> None:
        """parent: where it is to lie, in the system's folder of temporary files where not told.

        Deletes folders of this prefix whose process is gone. Raises OSError where none can be made.
        """
        parent = parent or Path(tempfile.gettempdir())
        with _locked(parent):  # nobody takes a folder for left behind that is being made
            for found in parent.glob(f"{prefix}*"):
                _delete_if_left(found)
            self.path = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
            handle = os.open(self.path, os.O_RDONLY)
            _take(handle, fcntl.LOCK_EX)
        weakref.finalize(self, _end, self.path, handle)  # at the end of the process, too


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    handle = os.open(folder, os.O_RDONLY)
    try:
        _take(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _take(handle: int, lock: int) -> None:
    with suppress(OSError):  # some file systems of networks have no locks: there, nothing is taken for left behind
        fcntl.flock(handle, lock)


def _delete_if_left(folder: Path) -> None:
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:  # another user's, or gone meanwhile
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
    except OSError:  # held
        return
    finally:
        os.close(handle)


def _end(folder: Path, handle: int) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    os.close(handle)
