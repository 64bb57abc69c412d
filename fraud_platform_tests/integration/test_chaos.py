"""kill -9 at the worst moments: nothing is lost, nothing comes twice, features stay those of batch."""

import re

import pytest
from confluent_kafka import KafkaException

from fraud_platform.errors import TransactionTimeoutError
from fraud_platform.feeding.messages import Disturbances, transaction_messages
from fraud_platform.operations.batch_marker import BatchOffsets
from fraud_platform.operations.ledger import scorer_events
from fraud_platform.settings import Settings
from fraud_platform.storage.kafka_errors import kafka_failure
from fraud_platform_tests.chaos.faults import FORGOTTEN, OLDER, RECREATED, SUSPENDED, with_lying_clocks
from fraud_platform_tests.chaos.kills import DRIVER, JVM, TREE
from fraud_platform_tests.chaos.run import PAUSES, START_UP, Kill, UnderFire, scorer_under_fire
from fraud_platform_tests.support import bundles
from fraud_platform_tests.support.kafka_outcome import assert_features_equal_batch, is_all_visible, outcome, read, send
from fraud_platform_tests.support.long_tests import long_test
from fraud_platform_tests.support.waiting import wait_until
from streaming.output import sink
from streaming.output.sink import OutMessage, TransactionalSink

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
    def batch(number: int) -> BatchOffsets:
        return BatchOffsets({0: number, 1: 0}, {0: number + 1, 1: 0})

    old = TransactionalSink(settings, "query", {0: 0, 1: 0})
    old.write(0, [OutMessage(settings.kafka_predictions_topic, b"C1", b"old")], batch(0), {"rows": 1})
    new = TransactionalSink(settings, "query")
    new.renew()
    with pytest.raises(KafkaException) as fenced:
        old.write(1, [OutMessage(settings.kafka_predictions_topic, b"C1", b"late")], batch(1))
    assert "another scorer has taken over" in str(kafka_failure(settings, fenced.value.args[0], "score"))

    assert (new.last_batch, new.next_offsets, new.note) == (0, {0: 1, 1: 0}, {"rows": 1})
    new.write(1, [OutMessage(settings.kafka_predictions_topic, b"C1", b"new")], batch(1))
    assert sorted(m.value() for m in read(settings, settings.kafka_predictions_topic)) == [b"new", b"old"]


def test_a_scorer_that_stood_still_for_too_long_starts_again_unless_another_one_took_its_place(settings, monkeypatch):
    start, end = {0: 0, 1: 0}, {0: 1, 1: 0}
    prediction = OutMessage(settings.kafka_predictions_topic, b"C1", b"prediction")
    monkeypatch.setattr(sink, "TRANSACTION_TIMEOUT_MS", 1000)
    old = TransactionalSink(settings, "query", start)
    old.renew()

    def stand_still(messages: list[OutMessage]) -> None:
        """Until Kafka has ended the transaction."""
        produce(messages)
        old._producer.flush(10)
        wait_until(lambda: is_all_visible(settings, settings.kafka_predictions_topic), "an aborted transaction")

    produce = old._produce
    monkeypatch.setattr(old, "_produce", stand_still)
    with pytest.raises(TransactionTimeoutError, match="stood still for over 1 s"):
        old.write(0, [prediction], BatchOffsets(start, end))
    again = TransactionalSink(settings, "query", start)
    assert not again.is_written(0, BatchOffsets(start, end))
    again.write(0, [prediction], BatchOffsets(start, end))
    assert len(read(settings, settings.kafka_predictions_topic)) == 1


KILLS = [Kill("after-commit", TREE), Kill("after-flush", DRIVER), Kill(START_UP, TREE), Kill("before-output", JVM)]
OTHER_FAULTS = [
    Kill("after-commit", TREE, OLDER),
    Kill("after-commit", TREE, FORGOTTEN),
    Kill("after-flush", DRIVER, SUSPENDED),
    Kill("before-output", JVM, RECREATED),
]


@pytest.mark.parametrize(
    ("kills", "new_checkpoints"),
    [
        (KILLS, []),
        pytest.param(
            OTHER_FAULTS,
            ["the checkpoint is at batch", "topic .* was deleted and created anew"],
            marks=long_test,
        ),
    ],
    ids=["kills", "other faults"],
)
def test_a_scorer_at_the_worst_moments_loses_and_doubles_nothing(
    settings, mlflow_server, tmp_path, kills, new_checkpoints
):
    models = [bundles.register(settings, tmp_path / str(seed), seed=seed) for seed in (1, 2)]
    messages = sorted(transaction_messages(bundles.transactions(6), DISTURBANCES))
    messages = with_lying_clocks(messages, share=0.02, seed=5)
    former = scorer_under_fire(settings, tmp_path / "pauses", messages, kills, models)

    result = outcome(settings, former)
    assert result.is_exactly_once and result.accepted and result.rejected
    assert_features_equal_batch(settings, former)
    why = [event.reason for event in scorer_events(settings) if event.kind == "started" and event.reason]
    assert len(why) == len(new_checkpoints)
    assert all(map(re.match, new_checkpoints, why))
