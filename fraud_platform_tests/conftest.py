"""Fixtures that every test may ask for: settings of its own, and services that start once a test run."""

import os
import signal
import sys
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from fraud_platform.local.stack import Stack
from fraud_platform.settings import Settings
from fraud_platform_tests.support.settings import SettingsFactory, stack_settings
from fraud_platform_tests.support.stack_cleanup import reaped_stack

TOPICS = (
    "kafka_topic",
    "kafka_labels_topic",
    "kafka_predictions_topic",
    "kafka_shadow_topic",
    "kafka_dead_letter_topic",
    "kafka_events_topic",
)


def pytest_configure() -> None:
    # How long an example takes is the machine's affair.
    hypothesis.settings.register_profile("any machine", deadline=None)
    hypothesis.settings.load_profile("any machine")
    # A shell starts background jobs with SIGINT ignored. Dagster, which puts back what it found
    # there as the handler of SIGTERM, too, would have every server of the tests ignore both.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def environment_not_activated() -> Iterator[None]:
    """PATH without the virtual environment, as `make` leaves it: no service may find its Python there."""
    own = str(Path(sys.executable).parent)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(
            "PATH", os.pathsep.join(folder for folder in os.environ["PATH"].split(os.pathsep) if folder != own)
        )
        yield


@pytest.fixture(scope="session")
def service_settings() -> Iterator[Settings]:
    """Settings of the test run's own stack, on free ports and in a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="fraud-", ignore_cleanup_errors=True) as folder:
        yield stack_settings(Path(folder))


@pytest.fixture(scope="session")
def shared_stack(service_settings: Settings) -> Iterator[Stack]:
    """The test run's stack; it starts empty, and everything in it ends with the run."""
    with reaped_stack(service_settings) as stack:
        yield stack


@pytest.fixture(scope="session")
def broker(shared_stack: Stack, service_settings: Settings) -> str:
    """Bootstrap servers of a real Kafka broker."""
    shared_stack.up(services=["kafka"])
    return service_settings.kafka_broker


@pytest.fixture(scope="session")
def mlflow_server(shared_stack: Stack, service_settings: Settings) -> str:
    """Address of a real MLflow server on SQLite."""
    shared_stack.up(services=["mlflow"])
    return service_settings.mlflow_tracking_uri


@pytest.fixture
def make_settings(tmp_path: Path, service_settings: Settings) -> SettingsFactory:
    """Builds settings with folders, topics and a group of the test's own; keyword arguments win.

    They name the broker and the MLflow server of the test run; a test that talks to them
    asks for `broker` or `mlflow_server` too.
    """

    def make(**overrides: object) -> Settings:
        unique = uuid.uuid4().hex[:8]
        values = {
            "data_dir": tmp_path / "data",
            "log_dir": tmp_path / "logs",
            "kafka_broker": service_settings.kafka_broker,
            "mlflow_tracking_uri": service_settings.mlflow_tracking_uri,
            "kafka_group_id": f"scorer-{unique}",
            "model_name": f"fraud-detector-{unique}",
            **{name: f"{name.removeprefix('kafka_')}-{unique}" for name in TOPICS},
            **overrides,
        }
        return Settings(_env_file=None, **values)

    return make


@pytest.fixture
def settings(make_settings: SettingsFactory) -> Settings:
    """Settings of the test's own, see `make_settings`."""
    return make_settings()
