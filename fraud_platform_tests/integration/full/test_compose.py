"""docker-compose.yml, up: `make compose-test` starts an engine and the stack, and runs these against it."""

import json
import os
import uuid
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from fraud_platform.cli.demo.dagster_runs import DagsterClient
from fraud_platform_tests.integration.full.compose_stack import (
    SETTINGS,
    compose,
    containers,
    run,
    secrets,
    state,
    up,
)
from fraud_platform_tests.waiting import wait_until

pytestmark = [
    pytest.mark.compose,
    pytest.mark.skipif("COMPOSE_FILE" not in os.environ, reason="no stack is up: make compose-test"),
]


@pytest.fixture(scope="module")
def running() -> dict[str, dict[str, Any]]:
    return containers()


@pytest.fixture(scope="module")
def rows() -> int:
    """Transactions of a day that were sent, read by Spark in a container, and written to the lake on S3."""
    simulate = ("fraud", "simulate", "--days", "1", "--customers", "300", "--json")
    sent = json.loads(compose("run", "--rm", "-T", "simulator", *simulate))
    day = run("date", "--utc", "--date", "1 day ago", "+%F").strip()
    dagster = DagsterClient(SETTINGS.dagster_url)
    tables = ["raw_transactions", "raw_labels", "raw_rejected"]
    dagster.follow(
        dagster.launch("train_fraud_detection_model", {"dagster/partition": day}, assets=tables),
        lambda running, done: None,
    )
    requests.post(
        f"{SETTINGS.mlflow_tracking_uri}/api/2.0/mlflow/experiments/create",
        json={"name": f"kept {uuid.uuid4()}"},
        timeout=60,
    ).raise_for_status()
    compose("exec", "-T", "scorer", "sh", "-c", "echo kept > /app/data/note")
    return sent["transactions"]


def test_every_service_is_healthy(running: dict[str, Any]) -> None:
    health = {name: container["State"]["Health"]["Status"] for name, container in running.items()}
    assert set(health.values()) == {"healthy"}, health
    assert {"kafka", "postgres", "minio", "mlflow", "dagster-daemon", "scorer", "spark-worker"} <= health.keys()


def test_a_service_is_an_ordinary_user_without_capabilities(running: dict[str, Any]) -> None:
    for container in running.values():
        status = dict(
            line.split(":", 1) for line in Path(f"/proc/{container['State']['Pid']}/status").read_text().splitlines()
        )
        assert status["Uid"].split()[0] != "0", container["Name"]
        assert int(status["CapEff"], 16) == 0, container["Name"]
        assert status["NoNewPrivs"].strip() == "1", container["Name"]


def test_a_published_port_is_reached_on_loopback_only(running: dict[str, Any]) -> None:
    published = {
        int(binding["HostPort"])
        for container in running.values()
        for bindings in container["NetworkSettings"]["Ports"].values()
        for binding in bindings or []
    }
    assert {3333, 4040, 5500, 9000, 9092, 9108} <= published
    listening = {(c.laddr.ip, c.laddr.port) for c in psutil.net_connections("tcp") if c.status == psutil.CONN_LISTEN}
    assert {ip for ip, port in listening if port in published} == {"127.0.0.1"}


def test_no_secret_stands_in_a_command_line_or_a_log(running: dict[str, Any]) -> None:
    processes = compose("top")
    logs = compose("logs", "--no-color")
    assert len(secrets()) >= 4
    for name in ("kafka", "postgres", "scorer"):
        assert name in processes
    assert not [secret for secret in secrets() if secret in processes or secret in logs]


def test_mlflows_login_does_not_open_dagsters_database(running: dict[str, Any]) -> None:
    psql = "psql --host 127.0.0.1 --username mlflow --dbname dagster --command 'select 1'"
    refused = compose("exec", "-T", "postgres", "sh", "-c", f"PGPASSWORD=$MLFLOW_DB_PASSWORD {psql} 2>&1 || true")
    assert "permission denied for database" in refused


def test_spark_in_a_container_writes_a_day_of_kafka_to_the_lake_on_s3(rows: int) -> None:
    assert state()["lake"] == rows


def test_prometheus_scrapes_the_scorer() -> None:
    def scraped() -> bool:
        answer = requests.get("http://127.0.0.1:9090/api/v1/query", params={"query": 'up{job="scorer"}'}, timeout=10)
        return [result["value"][1] for result in answer.json()["data"]["result"]] == ["1"]

    wait_until(scraped, "up{job=scorer} to be 1")


def test_the_spark_worker_is_the_masters() -> None:
    cluster = requests.get("http://127.0.0.1:8080/json/", timeout=10).json()
    assert [worker["state"] for worker in cluster["workers"]] == ["ALIVE"]


def test_down_and_up_loses_nothing(running: dict[str, Any], rows: int) -> None:
    before = state()
    compose("--profile", "*", "down")
    assert not compose("ps", "--quiet")
    up(list(running))
    assert state() == before


def test_a_backup_fills_an_empty_stack(running: dict[str, Any], rows: int, tmp_path: Path) -> None:
    before = state()
    run("sh", "docker/backup.sh", str(tmp_path / "backup"))
    assert containers().keys() == running.keys()  # it starts again what it stopped
    compose("--profile", "*", "down", "--volumes")
    run("sh", "docker/restore.sh", str(tmp_path / "backup"))
    up(list(running))
    assert state() == before


def test_restoring_over_a_stack_with_volumes_is_refused(tmp_path: Path, running: dict[str, Any]) -> None:
    with pytest.raises(AssertionError, match=r"is missing or empty: nothing was changed"):
        run("sh", "docker/restore.sh", str(tmp_path))
