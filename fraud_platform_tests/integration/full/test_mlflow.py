"""Models in MLflow as the full stack runs it: what outlives a restart, and what S3 does not give."""

from pathlib import Path

import boto3
import pytest

from fraud_platform.errors import ServiceUnavailableError
from fraud_platform.operations.aliases import CHAMPION
from fraud_platform.settings import Settings
from fraud_platform.storage.bundle_folder import load_bundle
from fraud_platform.storage.registry import Registry
from fraud_platform_tests.integration.full.s3 import ACCESS_KEY, SECRET_KEY
from fraud_platform_tests.support import bundles


@pytest.fixture
def settings(mlflow) -> Settings:
    return Settings(_env_file=None, **mlflow.settings())


def test_a_model_outlives_both_servers_restart_and_its_files_lie_on_s3(settings, mlflow, postgres, s3, tmp_path):
    version = bundles.register(settings, tmp_path / "bundle")
    Registry(settings).set_alias(CHAMPION, version)
    with mlflow.server.away(), postgres.server.away():
        pass
    assert Registry(settings).version(CHAMPION) == version
    loaded = load_bundle(Registry(settings).download(version))
    loaded.verify()
    assert {path.name for path in (tmp_path / "bundle").iterdir()} <= object_names(s3)


def test_artifacts_that_s3_does_not_give_are_one_line(settings, s3, tmp_path):
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
