"""The stack that .ci/compose brought up: its commands, its secrets, and what of its state must outlive anything."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import requests

from fraud_platform.cli.demo.dagster_runs import DagsterClient
from fraud_platform.settings import Settings
from fraud_platform.storage.kafka import committed_reader
from fraud_platform.storage.kafka_offsets import watermarks

SETTINGS = Settings(_env_file=None)
"""The published ports are the defaults of the settings."""
NEEDS_THE_STACK = [
    pytest.mark.compose,
    pytest.mark.skipif("COMPOSE_FILE" not in os.environ, reason="no stack is up: make compose-test"),
]
DAGSTER = DagsterClient(SETTINGS.dagster_url)
ROWS = """
from datetime import date
from fraud_platform.pipeline import tables
from fraud_platform.settings import load_settings
from fraud_platform.storage.lake import Lake
lake = Lake(load_settings())
print(lake.row_count(tables.TRANSACTIONS, date.min, date.max))
"""


def folder() -> Path:
    """Folder of docker-compose.yml and .env."""
    return Path(os.environ["COMPOSE_FILE"]).parent


def run(*command: str) -> str:
    """Output of a command in the stack's folder; its errors fail the test."""
    result = subprocess.run(command, capture_output=True, text=True, cwd=folder(), check=False)
    assert result.returncode == 0, f"{' '.join(command)}:\n{result.stdout[-2000:]}\n{result.stderr[-4000:]}"
    return result.stdout


def compose(*arguments: str) -> str:
    return run("docker", "compose", *arguments)


def containers() -> dict[str, dict[str, Any]]:
    """What the engine says of each running container, by service."""
    described = json.loads(run("docker", "inspect", *compose("ps", "--quiet").split()))
    return {container["Config"]["Labels"]["com.docker.compose.service"]: container for container in described}


def up(services: list[str]) -> None:
    """Start services and wait until they are healthy."""
    compose("up", "--detach", "--no-build", "--wait", "--wait-timeout", "600", *services)


def secrets() -> set[str]:
    """The generated values of .env."""
    lines = (folder() / ".env").read_text().splitlines()
    pairs = [line.split("=", 1) for line in lines if "=" in line and not line.startswith("#")]
    return {value for name, value in pairs if value and ("PASSWORD" in name or "_KEY" in name)}


def graphql(query: str) -> dict[str, Any]:
    response = requests.post(f"{SETTINGS.dagster_url}/graphql", json={"query": query}, timeout=60)
    response.raise_for_status()
    return response.json()["data"]


def launch_tables() -> str:
    """Launch a run that reads yesterday's messages into the lake, and has Spark compute velocities; returns its id.

    So few messages are read and decoded by the run's own process.
    """
    yesterday = run("date", "--utc", "--date", "1 day ago", "+%F").strip()
    tables = ["raw_transactions", "raw_labels", "transactions", "labels", "rejected", "velocity"]
    return DAGSTER.launch("train_fraud_detection_model", {"dagster/partition": yesterday}, assets=tables)


def run_status(run_id: str) -> str:
    return graphql(f'{{ runOrError(runId: "{run_id}") {{ ... on Run {{ status }} }} }}')["runOrError"]["status"]


def lake_rows() -> int:
    return int(compose("exec", "-T", "dagster-code", "python", "-c", ROWS))


def state() -> dict[str, Any]:
    """Messages, rows, runs, experiments and files: one of each part that keeps state."""
    with committed_reader(SETTINGS) as consumer:
        messages = watermarks(consumer, SETTINGS.kafka_topic)
    experiments = requests.post(
        f"{SETTINGS.mlflow_tracking_uri}/api/2.0/mlflow/experiments/search", json={"max_results": 9}, timeout=60
    )
    return {
        "kafka": messages,
        "lake": lake_rows(),
        "dagster": graphql("{ runsOrError { ... on Runs { results { runId status } } } }"),
        "mlflow": sorted(experiment["name"] for experiment in experiments.json()["experiments"]),
        "scorer": compose("exec", "-T", "scorer", "cat", "/app/data/note"),
    }
