"""Marks every test in this folder as an integration test, and gives those of the scorer their settings."""

from pathlib import Path

import pytest

from fraud_platform.settings import Settings
from fraud_platform.storage.kafka import create_topics
from fraud_platform_tests.conftest import SettingsFactory
from fraud_platform_tests.ports import free_ports

FOLDER = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if FOLDER in item.path.parents:
            item.add_marker(pytest.mark.integration)


@pytest.fixture
def make_scorer_settings(broker: str, make_settings: SettingsFactory) -> SettingsFactory:
    """Builds settings of a scorer: `make_settings` with free ports, and with topics of two partitions that exist."""

    def make(**overrides: object) -> Settings:
        spark_ui, metrics = free_ports(2)
        made = make_settings(spark_ui_port=spark_ui, metrics_port=metrics, kafka_partitions=2, **overrides)
        create_topics(made)
        return made

    return make
