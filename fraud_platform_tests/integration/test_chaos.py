"""kill -9 at the worst moments: nothing is lost, nothing comes twice, features stay those of batch."""

import pytest
from confluent_kafka import KafkaException

from fraud_platform.settings import Settings
from fraud_platform.storage.feed_messages import Disturbances, transaction_messages
from fraud_platform.storage.kafka_errors import kafka_failure
from fraud_platform_tests import bundles
from fraud_platform_tests.chaos.kills import DRIVER, JVM, TREE
from fraud_platform_tests.chaos.run import PAUSES, START_UP, Kill, UnderFire, scorer_under_fire
from fraud_platform_tests.outcome import assert_features_equal_batch, outcome, read, send
from fraud_platform_tests.waiting import wait_until
from streaming.sink import OutMessage, TransactionalSink

DISTURBANCES = Disturbances(late=0.05, duplicates=0.02, malformed=0.02, seed=5)
pytestmark = pytest.mark.timeout(900)


@pytest.fixture
def settings(make_scorer_settings) -> Settings:
    return make_scorer_settings()


def test_the_sink_writes_each_batch_once_wherever_its_writer_is_killed(settings, tmp_path):
    messages = transaction_messages(bundles.transactions(3), DISTURBANCES)
    send(settings, messages)
    with UnderFire(settings, tmp_path / "pauses", "fraud_platform_tests.chaos.writer") as fire:
        for moment in PAUSES * 2:
            fire.strike(Kill(moment, TREE))
        fire.keep_running()
        wait_until(lambda: not fire.process.is_running(), "the end of the topic")

    copied = [m.value() for m in read(settings, settings.kafka_predictions_topic)]
    assert sorted(copied) == sorted(m.value for m in messages)
    assert fire.starts == len(PAUSES * 2) + 1


def test_a_scorer_whose_place_another_took_writes_no_more_and_says_why(settings):
    old = TransactionalSink(settings, "query")
    old.write(0, [OutMessage(settings.kafka_predictions_topic, b"C1", b"old")], {0: 1})
    new = TransactionalSink(settings, "query")
    with pytest.raises(KafkaException) as fenced:
        old.write(1, [OutMessage(settings.kafka_predictions_topic, b"C1", b"late")], {0: 2})
    assert "another scorer has taken over" in str(kafka_failure(settings, fenced.value.args[0], "score"))

    assert new.last_batch == 0
    new.write(1, [OutMessage(settings.kafka_predictions_topic, b"C1", b"new")], {0: 2})
    assert sorted(m.value() for m in read(settings, settings.kafka_predictions_topic)) == [b"new", b"old"]


def test_a_scorer_killed_at_the_worst_moments_loses_and_doubles_nothing(settings, mlflow_server, tmp_path):
    models = [bundles.register(settings, tmp_path / str(seed), seed=seed) for seed in (1, 2)]
    messages = transaction_messages(bundles.transactions(6), DISTURBANCES)
    kills = [Kill("after-commit", TREE), Kill("after-flush", DRIVER), Kill(START_UP, TREE), Kill("before-output", JVM)]
    scorer_under_fire(settings, tmp_path / "pauses", messages, kills, models)

    result = outcome(settings)
    assert result.is_exactly_once and result.accepted and result.rejected
    assert_features_equal_batch(settings)
