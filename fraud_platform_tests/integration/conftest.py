"""Marks every test in this folder, shows logs with its failure, and gives those of the scorer their settings."""

import signal
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fraud_platform.resources.spark import LazySpark
from fraud_platform.settings import Settings
from fraud_platform.storage.kafka import create_topics
from fraud_platform_tests.support.log_tails import log_tails
from fraud_platform_tests.support.ports import free_ports
from fraud_platform_tests.support.scorer_process import ScorerProcess
from fraud_platform_tests.support.settings import SettingsFactory

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

FOLDER = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if FOLDER in item.path.parents:
            item.add_marker(pytest.mark.integration)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed:
        report.sections.extend(log_tails())
    return report


@pytest.fixture
def make_scorer_settings(broker: str, make_settings: SettingsFactory) -> SettingsFactory:
    """Builds settings of a scorer: `make_settings` with free ports, and with topics of two partitions that exist."""

    def make(**overrides: object) -> Settings:
        spark_ui, metrics = free_ports(2)
        made = make_settings(spark_ui_port=spark_ui, metrics_port=metrics, kafka_partitions=2, **overrides)
        create_topics(made)
        return made

    return make


@pytest.fixture
def scorer(settings: Settings) -> Iterator[ScorerProcess]:
    """A scorer of the test's settings, not started yet; one that still runs at the end is killed."""
    process = ScorerProcess(settings)
    yield process
    if process.is_running():
        process.end(signal.SIGKILL)


@pytest.fixture(scope="module")
def spark(service_settings: Settings) -> "Iterator[SparkSession]":
    """A session of the assets' configuration."""
    from pyspark.sql import SparkSession

    if session := SparkSession.getActiveSession():
        session.stop()  # another test's, of other settings
    session = LazySpark(service_settings).session
    yield session
    session.stop()
