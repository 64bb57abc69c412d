"""What the scorer tells about itself: /metrics and /health on one port, and how the driver tells its supervisor."""

import json
import os
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from fraud_platform.errors import ConfigurationError
from streaming import metrics

TELL_SECONDS = 0.5


def serve(host: str, port: int, health: Callable[[], dict[str, Any]], metrics_page: Callable[[], bytes]) -> None:
    """Serve /metrics and /health from a daemon thread.

    /health answers 200 with the health document while it says healthy, else 503. Raises
    ConfigurationError where the port is taken.
    """

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/metrics":
            start_response("200 OK", [("Content-Type", CONTENT_TYPE_PLAIN_0_0_4)])
            return [metrics_page()]
        document = health()
        status = "200 OK" if document["healthy"] else "503 Service Unavailable"
        start_response(status, [("Content-Type", "application/json")])
        return [json.dumps(document).encode()]

    try:
        server = make_server(host, port, app, handler_class=_QuietHandler)
    except OSError as error:
        raise ConfigurationError(f"METRICS_PORT={port} on BIND_HOST={host} cannot be served: {error}") from None
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()


class _QuietHandler(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """A probe every few seconds is no news."""


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
