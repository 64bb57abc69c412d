"""The page of metrics and health, over real HTTP."""

import json
import socket
import urllib.error
import urllib.request

import pytest

from fraud_platform.errors import ConfigurationError
from fraud_platform_tests.ports import free_ports
from streaming.progress import serve


def get(port: int, path: str) -> tuple[int, bytes]:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read()


def test_health_answers_200_while_it_is_well_and_503_otherwise_and_metrics_answer_throughout():
    (port,) = free_ports(1)
    document = {"healthy": True, "state": "running"}
    serve("127.0.0.1", port, lambda: document, lambda: b"m 1\n")
    assert get(port, "/health") == (200, json.dumps(document).encode())
    document = {"healthy": False, "state": "restarting", "last_error": "no luck"}
    status, body = get(port, "/health")
    assert (status, json.loads(body)) == (503, document)
    assert get(port, "/metrics") == (200, b"m 1\n")


def test_a_port_that_is_taken_is_named_with_its_setting():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigurationError, match=f"METRICS_PORT={port} on BIND_HOST=127.0.0.1"):
            serve("127.0.0.1", port, dict, bytes)
