"""MLflow's server as docker-compose.yml runs it: PostgreSQL below, artifacts on S3 through its proxy."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from fraud_platform.local.probes import mlflow_answers
from fraud_platform.project_root import PROJECT_ROOT
from fraud_platform.settings import Settings
from fraud_platform_tests.integration.full.postgres import PASSWORDS, Postgres
from fraud_platform_tests.integration.full.s3 import ACCESS_KEY, SECRET_KEY, S3Server
from fraud_platform_tests.integration.full.server import Server, running
from fraud_platform_tests.support.ports import free_ports

COMPOSE = yaml.safe_load((PROJECT_ROOT / "docker-compose.yml").read_text())["services"]["mlflow"]


@dataclass(frozen=True)
class MlflowServer:
    port: int
    server: Server

    def settings(self) -> dict[str, object]:
        """Settings under which the platform uses it."""
        return {"mlflow_tracking_uri": f"http://127.0.0.1:{self.port}"}


@contextmanager
def mlflow_on(postgres: Postgres, s3: S3Server, log: Path) -> Iterator[MlflowServer]:
    """The service's own command and environment, with this machine's addresses and secrets filled in."""
    (port,) = free_ports(1)
    filled = {
        "${MLFLOW_DB_PASSWORD}": PASSWORDS["MLFLOW_DB_PASSWORD"],
        "${DB_HOST:-postgres}:${DB_PORT:-5432}": f"127.0.0.1:{postgres.port}",
        "${MLFLOW_S3_ENDPOINT_URL:-http://minio:9000}": f"http://127.0.0.1:{s3.port}",
        "${MINIO_ACCESS_KEY}": ACCESS_KEY,
        "${MINIO_SECRET_KEY}": SECRET_KEY,
        "${MINIO_BUCKET:-fraud-lake}": "fraud-lake",
        "${MINIO_REGION:-us-east-1}": "us-east-1",
    }

    def fill(text: str) -> str:
        for name, value in filled.items():
            text = text.replace(name, value)
        return text

    arguments = {"0.0.0.0": "127.0.0.1", "5500": str(port)}
    command = [sys.executable, "-m", *(arguments.get(word, word) for word in COMPOSE["command"])]
    environment = {name: fill(value) for name, value in COMPOSE["environment"].items()}
    settings = Settings(_env_file=None, mlflow_tracking_uri=f"http://127.0.0.1:{port}")
    with running(Server(command, lambda: mlflow_answers(settings), log, environment)) as server:
        yield MlflowServer(port, server)
