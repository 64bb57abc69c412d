"""The full stack's servers, each started once a test run, and settings that put the platform on them."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from pyspark import SparkContext
from pyspark.sql import SparkSession

from fraud_platform_tests.integration.full.mlflow_server import MlflowServer, mlflow_on
from fraud_platform_tests.integration.full.postgres import Postgres, private_postgres
from fraud_platform_tests.integration.full.s3 import S3Server, private_s3
from fraud_platform_tests.integration.full.secure_kafka import SecureKafka, secure_kafka
from fraud_platform_tests.integration.full.spark_cluster import SparkCluster, spark_cluster

FOLDER = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if FOLDER in item.path.parents:
            item.add_marker(pytest.mark.full)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    # Not below pytest's folder, which each start of a pytest closes to all other users, such as postgres.
    with TemporaryDirectory(prefix="fraud-postgres-") as folder:
        Path(folder).chmod(0o711)
        with private_postgres(Path(folder) / "postgres") as made:
            yield made


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with private_s3(tmp_path_factory.mktemp("s3")) as made:
        yield made


@pytest.fixture(scope="session")
def mlflow(postgres: Postgres, s3: S3Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MlflowServer]:
    with mlflow_on(postgres, s3, tmp_path_factory.mktemp("mlflow") / "log") as made:
        yield made


@pytest.fixture(scope="session")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureKafka]:
    with secure_kafka(tmp_path_factory.mktemp("secure") / "kafka") as made:
        yield made


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkCluster]:
    with spark_cluster(tmp_path_factory.mktemp("spark")) as made:
        yield made


@pytest.fixture(scope="module")
def fresh_jvm() -> Iterator[None]:
    """A JVM of the module's own: a driver's class path is that of its first session."""
    _end_jvm()
    yield
    _end_jvm()


def _end_jvm() -> None:
    if (session := SparkSession.getActiveSession()) is not None:
        session.stop()
    if SparkContext._gateway is not None:
        process = SparkContext._gateway.proc
        SparkContext._gateway.shutdown()
        process.stdin.close()  # Spark's JVM ends with its standard input
        process.wait(60)
        SparkContext._gateway = SparkContext._jvm = None
