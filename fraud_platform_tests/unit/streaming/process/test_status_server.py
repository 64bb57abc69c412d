"""The page of metrics and health, over real HTTP, while others misuse the port."""

import json
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from fraud_platform.errors import ConfigurationError
from fraud_platform_tests.support.ports import free_ports
from fraud_platform_tests.support.waiting import wait_until
from streaming.process import status_server
from streaming.process.status_server import CONNECTIONS, serve

HEALTHY = {"healthy": True, "state": "running"}
HUGE = b"m 1\n" * 10_000_000


def get(port: int, path: str) -> tuple[int, bytes]:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read()


def ask(port: int, request: bytes) -> bytes:
    """All that comes back on a connection; nothing where it is closed without a word."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        received = b""
        try:
            client.sendall(request)
            while part := client.recv(65_536):
                received += part
        except ConnectionError:  # closed with a part of the request unread
            pass
        return received


@pytest.fixture
def port() -> int:
    (free,) = free_ports(1)
    serve("127.0.0.1", free, lambda: HEALTHY, lambda: b"m 1\n")
    return free


@pytest.fixture
def clients(port) -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def test_health_answers_200_while_it_is_well_and_503_otherwise_and_metrics_answer_throughout():
    (port,) = free_ports(1)
    document: dict[str, object] = dict(HEALTHY)
    serve("127.0.0.1", port, lambda: document, lambda: b"m 1\n")
    assert get(port, "/health") == (200, json.dumps(document).encode())
    document = {"healthy": False, "state": "restarting", "last_error": "no luck"}
    status, body = get(port, "/health")
    assert (status, json.loads(body)) == (503, document)
    assert get(port, "/metrics") == (200, b"m 1\n")
    assert get(port, "/metrics?name=m")[0] == 200


def test_a_port_that_is_taken_is_named_with_its_setting():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigurationError, match=f"METRICS_PORT={port} on BIND_HOST=127.0.0.1"):
            serve("127.0.0.1", port, dict, bytes)


@pytest.mark.parametrize("said", [b"", b"G", b"GET /health HTTP/1.1\r\n"], ids=["nothing", "a letter", "half of it"])
def test_silent_clients_hold_nobody_up(port, clients, said):
    for n in range(3 * CONNECTIONS):
        client = clients.enter_context(socket.create_connection(("127.0.0.1", port), timeout=10))
        client.sendall(said)
        if n % 16 == 0:
            assert get(port, "/health")[0] == 200
    assert get(port, "/health")[0] == 200
    assert get(port, "/metrics") == (200, b"m 1\n")


def test_a_client_that_speaks_slowly_is_closed_however_long_it_goes_on(monkeypatch, port, clients):
    monkeypatch.setattr(status_server, "SECONDS", 0.5)
    client = clients.enter_context(socket.create_connection(("127.0.0.1", port), timeout=10))
    client.settimeout(0.05)

    def is_closed() -> bool:
        try:
            client.sendall(b"x")
            return client.recv(1) == b""
        except TimeoutError:
            return False
        except ConnectionError:
            return True

    wait_until(is_closed, "the connection's end", seconds=10)


def test_a_client_that_does_not_read_is_closed(monkeypatch, clients):
    monkeypatch.setattr(status_server, "SECONDS", 0.5)
    (port,) = free_ports(1)
    serve("127.0.0.1", port, lambda: HEALTHY, lambda: HUGE)
    client = clients.enter_context(socket.create_connection(("127.0.0.1", port), timeout=10))
    client.sendall(b"GET /metrics HTTP/1.1\r\n\r\n")

    def is_closed() -> bool:
        try:
            client.sendall(b"x")
        except ConnectionError:
            return True
        return False

    wait_until(is_closed, "the connection's end", seconds=10)
    assert get(port, "/health")[0] == 200


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"HEAD /metrics HTTP/1.0\r\n\r\n", b"200"),
        (b"POST /health HTTP/1.1\r\nContent-Length: 1\r\n\r\nx", b"405"),
        (b"GET /health\r\n\r\n", b"400"),
        (b"GET /health HTTP/2.0\r\n\r\n", b"400"),
        (b"\r\n\r\n", b"400"),
        (b"\xff\xfe\x00 \x9b \n\r\n\r\n", b"400"),
        (b"GET //[ HTTP/1.1\r\n\r\n", b"200"),
    ],
)
def test_every_request_has_its_answer(port, request_, status):
    head, _, body = ask(port, request_).partition(b"\r\n\r\n")
    assert head.split(b" ")[:2] == [b"HTTP/1.1", status]
    length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    assert len(body) == (0 if request_.startswith(b"HEAD") else length)


@pytest.mark.parametrize("request_", [b"GET /" + b"x" * 100_000, b"GET / HTTP/1.1\r\nA: " + b"x" * 10_000_000])
def test_a_request_without_end_is_refused(port, request_):
    # Closed with most of it unread, the client may hear of the end before the answer.
    assert ask(port, request_)[:12] in (b"HTTP/1.1 431", b"")
    assert get(port, "/health")[0] == 200


def test_a_page_that_cannot_be_made_is_an_answer_too():
    (port,) = free_ports(1)
    serve("127.0.0.1", port, lambda: {}, lambda: b"m 1\n")
    assert get(port, "/health")[0] == 500
    assert get(port, "/metrics")[0] == 200
