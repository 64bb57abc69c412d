"""One command at a time on a stack."""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from fraud_platform.errors import ServiceUnavailableError

TIMEOUT_SECONDS = 60
"""As long as another command takes to stop everything."""
POLL_SECONDS = 0.1


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file; raises ServiceUnavailableError where another command does for too long."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    with path.open("w") as lock:
        while not _try_lock(lock):
            if time.monotonic() > deadline:
                raise ServiceUnavailableError(
                    f"another 'fraud up' or 'fraud down' is at work (it holds {path}): wait for its end"
                )
            time.sleep(POLL_SECONDS)
        yield


def _try_lock(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
