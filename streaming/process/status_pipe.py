"""How the driver tells its supervisor what the scorer's status page shows."""

import json
import os
import threading
import time
from collections.abc import Callable
from typing import Any

from prometheus_client import generate_latest

from streaming.metrics import metrics

TELL_SECONDS = 0.5


class StatusPipe:
    """The driver's end of the pipe to its supervisor: one JSON document a line.

    A supervisor that is gone breaks the pipe, and the driver ends at once: a supervisor
    that follows starts another one.
    """

    def __init__(self, fd: int | None) -> None:
        """fd: the pipe's; None for a driver without a supervisor, which tells nobody."""
        if fd is not None:
            os.set_inheritable(fd, False)
        self._pipe = None if fd is None else os.fdopen(fd, "w", buffering=1)
        self._lock = threading.Lock()

    def tell(self, **document: Any) -> None:
        if self._pipe is None:
            return
        try:
            with self._lock:
                self._pipe.write(json.dumps(document) + "\n")
        except OSError:
            os._exit(1)

    def keep_telling(self, health: Callable[[], dict[str, Any]]) -> None:
        """Tell health and metrics again and again, from a daemon thread."""

        def run() -> None:
            while True:
                self.tell(health=health(), metrics=generate_latest(metrics.DRIVER).decode())
                time.sleep(TELL_SECONDS)

        if self._pipe is not None:
            threading.Thread(target=run, name="status", daemon=True).start()
