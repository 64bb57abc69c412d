"""/metrics and /health on one port, answered whatever else is connected to it.

One thread serves all connections, so a client that says nothing, speaks slowly or does
not read holds nobody up. Each has an end: a few seconds, some kilobytes of request, and
the place of the oldest one where there are too many.
"""

import asyncio
import json
import logging
import socket
import threading
from collections.abc import Callable
from typing import Any, NamedTuple

from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from fraud_platform.errors import ConfigurationError

log = logging.getLogger(__name__)

SECONDS = 5.0
"""For the whole request to come in, and again for the answer to be taken."""
REQUEST_BYTES = 8_192
CONNECTIONS = 64
"""Open at a time; one more and the oldest is closed."""


class Answer(NamedTuple):
    status: str
    body: bytes
    content_type: str = "text/plain; charset=utf-8"


def serve(host: str, port: int, health: Callable[[], dict[str, Any]], metrics_page: Callable[[], bytes]) -> None:
    """Serve /metrics and /health from a daemon thread.

    /health answers 200 with the health document while it says healthy, else 503. Raises
    ConfigurationError where the port is taken.
    """
    try:
        listener = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise ConfigurationError(f"METRICS_PORT={port} on BIND_HOST={host} cannot be served: {error}") from None
    server = StatusServer(health, metrics_page)
    threading.Thread(target=asyncio.run, args=(server.run(listener),), name="metrics", daemon=True).start()


class StatusServer:
    """Answers GET and HEAD, one request a connection."""

    def __init__(self, health: Callable[[], dict[str, Any]], metrics_page: Callable[[], bytes]) -> None:
        self._health, self._metrics_page = health, metrics_page
        self._open: dict[asyncio.StreamWriter, None] = {}  # in the order of their arrival

    async def run(self, listener: socket.socket) -> None:
        server = await asyncio.start_server(self._connected, sock=listener, limit=REQUEST_BYTES)
        async with server:
            await server.serve_forever()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._open) >= CONNECTIONS:
            next(iter(self._open)).transport.abort()
        self._open[writer] = None
        try:
            async with asyncio.timeout(SECONDS):
                request = await _read_request(reader)
            writer.write(self._response(request))
            async with asyncio.timeout(SECONDS):
                await writer.drain()
                writer.close()
                await writer.wait_closed()
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            pass  # it went away or took too long, so nobody is there to be told
        finally:
            writer.transport.abort()
            self._open.pop(writer, None)

    def _response(self, request: bytes | None) -> bytes:
        """Head and body of the answer; request: None for one that is too long."""
        answer, with_body = self._answer(request)
        head = (
            f"HTTP/1.1 {answer.status}\r\nContent-Type: {answer.content_type}\r\n"
            f"Content-Length: {len(answer.body)}\r\nConnection: close\r\n\r\n"
        )
        return head.encode() + (answer.body if with_body else b"")

    def _answer(self, request: bytes | None) -> tuple[Answer, bool]:
        """And whether its body is wanted."""
        if request is None:
            return Answer("431 Request Header Fields Too Large", b"the request is too long\n"), True
        method, _, rest = request.partition(b"\r\n")[0].decode("latin-1").partition(" ")
        target, _, version = rest.rpartition(" ")
        if not version.startswith("HTTP/1."):
            return Answer("400 Bad Request", b"no HTTP/1 request\n"), True
        if method not in ("GET", "HEAD"):
            return Answer("405 Method Not Allowed", b"GET or HEAD\n"), True
        try:
            return self._page(target.partition("?")[0]), method == "GET"
        except Exception:
            log.exception("the page asked for could not be made")
            return Answer("500 Internal Server Error", b"see the log\n"), True

    def _page(self, path: str) -> Answer:
        if path == "/metrics":
            return Answer("200 OK", self._metrics_page(), CONTENT_TYPE_PLAIN_0_0_4)
        document = self._health()
        status = "200 OK" if document["healthy"] else "503 Service Unavailable"
        return Answer(status, json.dumps(document).encode(), "application/json")


async def _read_request(reader: asyncio.StreamReader) -> bytes | None:
    """The request's head; None where it is longer than REQUEST_BYTES."""
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except asyncio.LimitOverrunError:
        return None
