"""MLflow's server as docker-compose.yml runs it: PostgreSQL below, artifacts on S3 through its proxy."""

import sys
from pathlib import Path

import boto3
import pytest
import yaml

from fraud_platform.core.features.table import feature_set_hash
from fraud_platform.core.scoring import ModelBundle
from fraud_platform.errors import ServiceUnavailableError
from fraud_platform.local.probes import mlflow_answers
from fraud_platform.settings import PROJECT_ROOT, Settings
from fraud_platform.storage.registry import CHAMPION, Registry
from fraud_platform_tests import bundles
from fraud_platform_tests.integration.full.postgres import PASSWORDS
from fraud_platform_tests.integration.full.s3 import ACCESS_KEY, SECRET_KEY
from fraud_platform_tests.integration.full.server import Server, running
from fraud_platform_tests.ports import free_ports

COMPOSE = yaml.safe_load((PROJECT_ROOT / "docker-compose.yml").read_text())["services"]["mlflow"]


@pytest.fixture(scope="module")
def server(postgres, s3, tmp_path_factory):
    """The service's own command and environment, with this machine's addresses and secrets filled in."""
    (port,) = free_ports(1)
    filled = {
        "${MLFLOW_DB_PASSWORD}": PASSWORDS["MLFLOW_DB_PASSWORD"],
        "${MINIO_ACCESS_KEY}": ACCESS_KEY,
        "${MINIO_SECRET_KEY}": SECRET_KEY,
        "${MINIO_BUCKET:-fraud-lake}": "fraud-lake",
        "postgres:5432": f"127.0.0.1:{postgres.port}",
        "minio:9000": f"127.0.0.1:{s3.port}",
    }

    def fill(text: str) -> str:
        for name, value in filled.items():
            text = text.replace(name, value)
        return text

    arguments = {"0.0.0.0": "127.0.0.1", "5500": str(port)}
    command = [sys.executable, "-m", *(arguments.get(word, word) for word in COMPOSE["command"])]
    environment = {name: fill(value) for name, value in COMPOSE["environment"].items()}
    settings = Settings(_env_file=None, mlflow_tracking_uri=f"http://127.0.0.1:{port}")
    log = tmp_path_factory.mktemp("mlflow") / "log"
    with running(Server(command, lambda: mlflow_answers(settings), log, environment)) as made:
        yield settings, made


def test_a_model_outlives_both_servers_restart_and_its_files_lie_on_s3(server, postgres, s3, tmp_path):
    settings, mlflow = server
    version = bundles.register(settings, tmp_path / "bundle")
    Registry(settings).set_alias(CHAMPION, version)
    with mlflow.away(), postgres.server.away():
        pass
    assert Registry(settings).version(CHAMPION) == version
    loaded = ModelBundle.load(Registry(settings).download(version))
    loaded.verify(feature_set_hash())
    assert {path.name for path in (tmp_path / "bundle").iterdir()} <= object_names(s3)


def test_artifacts_that_s3_does_not_give_are_one_line(server, s3, tmp_path):
    settings, _ = server
    version = bundles.register(settings, tmp_path / "bundle")
    with s3.server.away(), pytest.raises(ServiceUnavailableError, match="MLFLOW_TRACKING_URI") as refused:
        Registry(settings).download(version)
    assert "\n" not in str(refused.value)
    assert Registry(settings).download(version).is_dir()


def object_names(s3) -> set[str]:
    client = boto3.client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{s3.port}",
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
        region_name="us-east-1",
    )
    listed = client.list_objects_v2(Bucket="fraud-lake", Prefix="mlflow/")["Contents"]
    return {Path(entry["Key"]).name for entry in listed}
