"""Topics of a test's own with dead letters on them."""

import pytest

from fraud_platform.local.environment import environment
from fraud_platform.settings import Settings
from fraud_platform.storage.kafka import create_topics
from fraud_platform_tests.support.dead_letter_topic import now_ms, reject, transaction


@pytest.fixture
def make_dlq_settings(broker, make_settings, monkeypatch):
    def make(**overrides: object) -> Settings:
        made = make_settings(**overrides)
        create_topics(made)
        for name, value in environment(made).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("COLUMNS", "200")
        return made

    return make


@pytest.fixture
def settings(make_dlq_settings) -> Settings:
    """Four letters: two that fit by now, one with a bad country, one that is no JSON."""
    made = make_dlq_settings(kafka_partitions=1)
    at_ms = now_ms()
    values = [transaction(0, at_ms), transaction(1, at_ms), transaction(2, at_ms, country="de"), b"{"]
    fields = ["value", "value", "country", "value"]
    letters = ((f"c{n}".encode(), value, {"field": fields[n]}) for n, value in enumerate(values))
    reject(made, *letters)
    return made
