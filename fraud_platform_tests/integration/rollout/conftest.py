"""A platform with versions to roll out; nothing is trained."""

import dagster as dg
import pytest
from mlflow import MlflowClient

from fraud_platform.resources.platform import PlatformResource
from fraud_platform.storage.kafka import create_topics

VERSIONS = 5


@pytest.fixture
def make_platform(broker, mlflow_server, make_settings):
    """Builds a platform with five empty versions in MLflow."""

    def make(**overrides: object) -> PlatformResource:
        settings = make_settings(**overrides)
        create_topics(settings)
        client = MlflowClient(settings.mlflow_tracking_uri)
        run_id = client.create_run("0").info.run_id
        client.create_registered_model(settings.model_name)
        for _ in range(VERSIONS):
            client.create_model_version(settings.model_name, f"runs:/{run_id}/bundle", run_id)
        return PlatformResource(overrides={name: str(getattr(settings, name)) for name in settings.model_fields_set})

    return make


@pytest.fixture
def platform(make_platform) -> PlatformResource:
    return make_platform()


@pytest.fixture
def instance() -> dg.DagsterInstance:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance
