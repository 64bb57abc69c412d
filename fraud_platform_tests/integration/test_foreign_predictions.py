"""Whatever somebody writes to the predictions topic, its readers go on with the predictions."""

import msgspec
import pytest

from fraud_platform.operations.alert_rate import AlertRate, newest_alert_rate
from fraud_platform.settings import Settings
from fraud_platform.storage.kafka import producer
from fraud_platform_tests.support.foreign_predictions import BAD, GOOD


@pytest.fixture
def settings(make_scorer_settings) -> Settings:
    return make_scorer_settings()


def test_the_alert_rate_is_that_of_the_predictions(settings, caplog):
    kafka = producer(settings)
    bad_ones = [bad for bad in BAD if b'"is_fraud":false' not in (bad or b"")]
    for bad in bad_ones:
        for is_fraud in (True, False):
            kafka.produce(settings.kafka_predictions_topic, msgspec.json.encode(GOOD | {"is_fraud": is_fraud}), b"C1")
        kafka.produce(settings.kafka_predictions_topic, bad, b"C1")
    assert kafka.flush(30) == 0
    assert newest_alert_rate(settings) == AlertRate(2 * len(bad_ones), len(bad_ones))
    assert f"of {settings.kafka_predictions_topic} are no records and are skipped" in caplog.text
