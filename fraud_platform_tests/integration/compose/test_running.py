"""docker-compose.yml, up, as it runs: `.ci/compose` starts an engine and the stack, and runs these against it."""

from pathlib import Path
from typing import Any

import psutil
import requests

from fraud_platform.local.compose import examine_containers
from fraud_platform_tests.integration.compose.stack import NEEDS_THE_STACK, compose, lake_rows, secrets
from fraud_platform_tests.support.waiting import wait_until

pytestmark = NEEDS_THE_STACK


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


def test_a_day_of_kafka_is_in_the_lake_on_s3_with_what_the_spark_cluster_made_of_it(rows: int) -> None:
    assert lake_rows() == rows
    cluster = requests.get("http://127.0.0.1:8080/json/", timeout=10).json()
    assert [worker["state"] for worker in cluster["workers"]] == ["ALIVE"]
    assert "FINISHED" in [application["state"] for application in cluster["completedapps"]]


def test_prometheus_scrapes_the_scorer() -> None:
    def scraped() -> bool:
        answer = requests.get("http://127.0.0.1:9090/api/v1/query", params={"query": 'up{job="scorer"}'}, timeout=10)
        return [result["value"][1] for result in answer.json()["data"]["result"]] == ["1"]

    wait_until(scraped, "up{job=scorer} to be 1")


def test_doctor_finds_every_part_well_but_the_one_that_was_not_started() -> None:
    wrong = {finding.name: finding.detail for finding in examine_containers() if not finding.ok}
    assert wrong == {"grafana": "no container"}
