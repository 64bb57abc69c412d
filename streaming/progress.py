"""What the scorer tells about itself: Prometheus metrics and a health page on one port."""

import json
import threading
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

from prometheus_client import Counter, Gauge, Histogram, make_wsgi_app

TRANSACTIONS = Counter("fraud_scorer_transactions", "Messages read, by what became of them", ["status"])
LATE_VISITS = Counter(
    "fraud_scorer_late_visits", "Transactions that became visible after later ones had been taken to follow all of them"
)
ALERTS = Counter("fraud_scorer_alerts", "Predictions at or above the threshold")
BATCH_SECONDS = Histogram(
    "fraud_scorer_batch_seconds",
    "Time of a micro-batch, by phase",
    ["phase"],
    buckets=(0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 30),
)
MODEL_VERSION = Gauge("fraud_scorer_model_version", "Model version that scores now")
MODEL_SWAPS = Counter("fraud_scorer_model_swaps", "Models taken over since the start")
MODEL_REFUSALS = Counter("fraud_scorer_model_refusals", "Champions refused since the start")
LAST_BATCH = Gauge("fraud_scorer_last_batch_id", "Id of the last batch written")


def serve(host: str, port: int, health: Callable[[], dict[str, Any]]) -> None:
    """Serve /metrics and /health from a daemon thread.

    /health answers 200 with the health document while it says healthy, else 503.
    """
    metrics = make_wsgi_app()

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/metrics":
            return metrics(environ, start_response)
        document = health()
        status = "200 OK" if document["healthy"] else "503 Service Unavailable"
        start_response(status, [("Content-Type", "application/json")])
        return [json.dumps(document).encode()]

    server = make_server(host, port, app, handler_class=_QuietHandler)
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()


class _QuietHandler(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """A probe every few seconds is no news."""
