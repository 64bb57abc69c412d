"""What the tests of the running stack share: its containers, and a day of transactions in its lake."""

import json
import uuid
from typing import Any

import pytest
import requests

from fraud_platform_tests.integration.compose.stack import DAGSTER, SETTINGS, compose, containers, launch_tables


@pytest.fixture(scope="session")
def running() -> dict[str, dict[str, Any]]:
    return containers()


@pytest.fixture(scope="session")
def rows() -> int:
    """Transactions of a day that were sent, and read and computed with in containers, into the lake on S3."""
    simulate = ("fraud", "simulate", "--days", "1", "--customers", "300", "--json")
    sent = json.loads(compose("run", "--rm", "-T", "simulator", *simulate))
    DAGSTER.follow(launch_tables(), lambda running, done: None)
    requests.post(
        f"{SETTINGS.mlflow_tracking_uri}/api/2.0/mlflow/experiments/create",
        json={"name": f"kept {uuid.uuid4()}"},
        timeout=60,
    ).raise_for_status()
    compose("exec", "-T", "scorer", "sh", "-c", "echo kept > /app/data/note")
    return sent["transactions"]
