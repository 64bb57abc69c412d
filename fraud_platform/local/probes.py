"""Whether a service answers, asked in the way its users will ask it. A probe never raises on silence."""

import http.client
import json
import socket
from typing import Any
from urllib.parse import urlsplit

from fraud_platform.errors import AccessDeniedError, ServiceUnavailableError
from fraud_platform.pipeline import tables
from fraud_platform.settings import Settings
from fraud_platform.storage.kafka import admin_client
from fraud_platform.storage.lake import Lake

TIMEOUT_SECONDS = 3

DAGSTER_STATUS = """{
  workspaceOrError { ... on Workspace { locationEntries {
    locationOrLoadError { __typename ... on PythonError { message } } } } }
  instance { daemonHealth { allDaemonStatuses { required healthy lastHeartbeatTime } } }
}"""


def port_answers(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=TIMEOUT_SECONDS):
            return True
    except OSError:
        return False


def kafka_answers(settings: Settings) -> bool:
    """Whether the broker serves metadata, which it does only once it accepts clients.

    Raises AccessDeniedError where it refuses the login.
    """
    host, _, port = settings.kafka_broker.split(",")[0].rpartition(":")
    if not port_answers(host, int(port)):
        return False
    try:
        admin_client(settings, TIMEOUT_SECONDS)
    except ServiceUnavailableError:
        return False
    return True


def postgres_answers(settings: Settings) -> bool:
    """True where DB_USER gets into DB_NAME; raises ServiceUnavailableError with PostgreSQL's words where not."""
    import psycopg2

    password = settings.db_password.get_secret_value() if settings.db_password else None
    try:
        psycopg2.connect(
            host=settings.db_host,
            port=settings.db_port,
            user=settings.db_user,
            password=password,
            dbname=settings.db_name,
            connect_timeout=TIMEOUT_SECONDS,
        ).close()
    except psycopg2.OperationalError as error:
        raise ServiceUnavailableError(" ".join(str(error).split())) from None
    return True


def lake_answers(settings: Settings) -> bool:
    """True where S3 lets the keys list the bucket; raises what Lake raises where not."""
    Lake(settings).exists(tables.RAW_TRANSACTIONS)
    return True


def spark_answers(settings: Settings) -> bool:
    """Whether the port of SPARK_MASTER=spark://host:port is open."""
    master = urlsplit(settings.spark_master)
    return port_answers(master.hostname or "", master.port or 7077)


def scorer_answers(settings: Settings) -> bool:
    """Whether the scorer calls itself healthy."""
    return _request("GET", f"http://127.0.0.1:{settings.metrics_port}/health") is not None


def mlflow_answers(settings: Settings) -> bool:
    """Whether the tracking server reads its database; /health answers before that.

    One that wants a login answers: its credentials are MLflow's own business, and its refusal is told by the registry.
    """
    url = f"{settings.mlflow_tracking_uri}/api/2.0/mlflow/experiments/search?max_results=1"
    try:
        return _request("GET", url) is not None
    except AccessDeniedError:
        return True


def dagster_answers(settings: Settings) -> bool:
    """Whether the webserver has the definitions; raises ServiceUnavailableError where they do not load."""
    if (status := _dagster_status(settings)) is None:
        return False
    entries = [entry["locationOrLoadError"] for entry in status["workspaceOrError"].get("locationEntries", [])]
    for entry in entries:
        # Until its code server answers, a location has an error that will pass.
        if entry and entry["__typename"] == "PythonError" and "UserCodeUnreachable" not in entry["message"]:
            message = entry["message"].strip().splitlines()
            raise ServiceUnavailableError(f"Dagster cannot load the definitions: {' '.join(message)[:500]}")
    return bool(entries) and all(entry and entry["__typename"] == "RepositoryLocation" for entry in entries)


def daemon_answers(settings: Settings, started_at: float) -> bool:
    """Whether all daemons that the instance needs have sent a heartbeat since the time (epoch seconds)."""
    if (status := _dagster_status(settings)) is None:
        return False
    daemons = [d for d in status["instance"]["daemonHealth"]["allDaemonStatuses"] if d["required"]]
    return all(d["healthy"] and (d["lastHeartbeatTime"] or 0) >= started_at for d in daemons)


def _dagster_status(settings: Settings) -> dict[str, Any] | None:
    body = json.dumps({"query": DAGSTER_STATUS}).encode()
    answer = _request("POST", f"{settings.dagster_url}/graphql", body)
    return None if answer is None else json.loads(answer).get("data")


def _request(method: str, url: str, body: bytes | None = None) -> bytes | None:
    """Body of a 200 answer, else None. Straight to the address: a proxy is no way to loopback.

    Raises AccessDeniedError where the server wants a login, or another one: that is no silence.
    """
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    connect = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = connect(parts.hostname or "", parts.port, timeout=TIMEOUT_SECONDS)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
        response = connection.getresponse()
        if response.status in (http.client.UNAUTHORIZED, http.client.FORBIDDEN):
            raise AccessDeniedError(f"{parts.netloc} answers, and refuses without a login (HTTP {response.status})")
        return response.read() if response.status == http.client.OK else None
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
