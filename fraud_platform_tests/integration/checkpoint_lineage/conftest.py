"""A topic to make checkpoints for."""

import pytest

from fraud_platform.feeding.messages import Disturbances, transaction_messages
from fraud_platform.settings import Settings
from fraud_platform_tests.support import bundles
from fraud_platform_tests.support.kafka_outcome import send


@pytest.fixture
def settings(make_scorer_settings) -> Settings:
    """Of a topic with some days of transactions."""
    made = make_scorer_settings()
    send(made, transaction_messages(bundles.transactions(3), Disturbances()))
    return made
