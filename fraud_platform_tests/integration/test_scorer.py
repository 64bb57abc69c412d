"""The scorer as a process: real Kafka, Spark and MLflow; promoted, killed and restarted while it runs."""

import signal
from collections import Counter
from pathlib import Path
from shutil import rmtree

import pytest
from confluent_kafka.admin import NewPartitions

from fraud_platform.core.model_bundle import CARD, MODEL, REFERENCE
from fraud_platform.feeding.messages import Disturbances, transaction_messages
from fraud_platform.messages.schemas import Prediction
from fraud_platform.operations.aliases import CHAMPION
from fraud_platform.operations.ledger import scorer_events
from fraud_platform.settings import Settings
from fraud_platform.storage.kafka import admin_client, committed_reader, producer
from fraud_platform.storage.kafka_offsets import read_range
from fraud_platform.storage.registry import Registry
from fraud_platform_tests.support import bundles
from fraud_platform_tests.support.bad_messages import BAD_MESSAGES, EVENT_TIME_MS
from fraud_platform_tests.support.kafka_outcome import assert_features_equal_batch, predictions, read, send
from fraud_platform_tests.support.lake_from_topic import fill_lake
from fraud_platform_tests.support.scorer_output import wait_for
from fraud_platform_tests.support.simulated_world import FEATURE_SET
from fraud_platform_tests.support.waiting import wait_until
from streaming.state.checkpoint import checkpoint_folder

pytestmark = pytest.mark.integration


@pytest.fixture
def settings(mlflow_server, make_scorer_settings) -> Settings:
    return make_scorer_settings()


def test_every_transaction_once_across_a_kill_a_promotion_and_a_restart(settings, scorer, tmp_path):
    registry = Registry(settings)
    first, second = (bundles.register(settings, tmp_path / str(seed), seed=seed) for seed in (1, 2))
    registry.set_alias(CHAMPION, first)
    messages = sorted(transaction_messages(bundles.transactions(), Disturbances(late=0.05, duplicates=0.02)))
    third = len(messages) // 3

    send(settings, messages[:third])
    scorer.start()
    wait_until(lambda: predictions(settings), "a first prediction")
    with scorer.frozen():
        send(settings, messages[third : 2 * third])
    scorer.end(signal.SIGKILL)
    scorer.start()
    wait_for(settings, distinct(messages[: 2 * third]))

    registry.set_alias(CHAMPION, second)
    wait_until(lambda: loaded(settings)[-1][0] == second, "the second model")
    with scorer.frozen():
        send(settings, messages[2 * third :])
    wait_for(settings, distinct(messages))
    assert scorer.end(signal.SIGTERM) == 0

    scored = predictions(settings)
    assert Counter(p.transaction_id for p in scored) == dict.fromkeys({m.transaction_id for m in messages}, 1)
    assert_versions_match_ledger(settings, scored)
    assert_features_equal_batch(settings)
    assert [e.kind for e in scorer_events(settings)].count("stopped") == 1


def distinct(messages: list) -> int:
    return len({m.transaction_id for m in messages})


def loaded(settings: Settings) -> list[tuple[int, dict[str, int]]]:
    events = [e for e in scorer_events(settings) if e.kind == "model_loaded"]
    return [(e.model_version, e.from_offsets) for e in events]


def assert_versions_match_ledger(settings: Settings, scored: list[Prediction]) -> None:
    """Each prediction's version is the one that the ledger says took over last at or before its offset."""
    ledger = loaded(settings)
    for p in scored:
        covering = [v for v, offsets in ledger if offsets[str(p.source_partition)] <= p.source_offset]
        assert p.model_version == covering[-1]
    assert {p.model_version for p in scored} == {v for v, _ in ledger}


def older_release(settings: Settings) -> None:
    """The checkpoint as a declaration of other fields would find it, and a topic that got a third partition."""
    (checkpoint,) = checkpoint_folder(settings).glob("*/generation.json")
    checkpoint.write_text(checkpoint.read_text().replace(FEATURE_SET.state_version, "of other fields"))
    admin = admin_client(settings)
    admin.create_partitions([NewPartitions(settings.kafka_topic, 3)])[settings.kafka_topic].result()


def lost_disk(settings: Settings) -> None:
    """What another machine has of the checkpoint."""
    rmtree(checkpoint_folder(settings))


@pytest.mark.parametrize(("change", "partitions"), [(older_release, {0, 1, 2}), (lost_disk, {0, 1})])
def test_a_new_checkpoint_has_the_history_of_the_lake_and_goes_on_where_the_former_one_ended(
    settings, scorer, tmp_path, change, partitions
):
    registry = Registry(settings)
    registry.set_alias(CHAMPION, bundles.register(settings, tmp_path / "model"))
    messages = sorted(transaction_messages(bundles.transactions(), Disturbances(late=0.05, duplicates=0.02)))
    third = len(messages) // 3
    before, between, after = messages[:third], messages[third : 2 * third], messages[2 * third :]

    send(settings, before)
    fill_lake(settings)
    scorer.start()
    wait_until(lambda: loaded(settings), "the model")
    with scorer.frozen():
        send(settings, between)
    wait_for(settings, distinct(before + between) - distinct(before))
    scorer.end(signal.SIGKILL)

    change(settings)
    send(settings, after)
    scorer.start()
    wait_for(settings, distinct(messages) - distinct(before))
    assert scorer.end(signal.SIGTERM) == 0

    scored = predictions(settings)
    expected = {m.transaction_id for m in messages} - {m.transaction_id for m in before}
    assert Counter(p.transaction_id for p in scored) == dict.fromkeys(expected, 1)
    assert {p.source_partition for p in scored} == partitions
    assert_features_equal_batch(settings)


def test_the_scorer_goes_on_past_bad_messages_and_a_bad_champion_and_unpickles_nothing(settings, scorer, tmp_path):
    scorer.audit(tmp_path / "audit.log")
    registry = Registry(settings)
    good = bundles.register(settings, tmp_path / "good")
    other_features = bundles.register(settings, tmp_path / "other", declared=bundles.OTHER_FEATURES)
    registry.set_alias(CHAMPION, good)
    messages = transaction_messages(bundles.transactions(1), Disturbances())
    kafka = producer(settings)
    for key, value, _, _ in BAD_MESSAGES.values():
        kafka.produce(settings.kafka_topic, value, key, timestamp=EVENT_TIME_MS, partition=0)
    kafka.flush()
    scorer.start()
    wait_until(lambda: loaded(settings), "the good model")

    registry.set_alias(CHAMPION, other_features)
    wait_until(lambda: refusals(settings), "a refusal")
    send(settings, messages)
    wait_for(settings, len(messages), len(BAD_MESSAGES))

    assert refusals(settings)[0][0] == other_features
    assert "reads of_another_declaration, which" in refusals(settings)[0][1]
    assert {p.model_version for p in predictions(settings)} == {good}
    assert len(predictions(settings)) == len(messages)
    assert_each_bad_message_has_a_dead_letter(settings)
    assert_only_workers_unpickled((tmp_path / "audit.log").read_text())


def assert_each_bad_message_has_a_dead_letter(settings: Settings) -> None:
    """With the bytes as received, the source offset, field and reason."""
    letters = {}
    for letter in read(settings, settings.kafka_dead_letter_topic):
        headers = {name: value.decode() for name, value in letter.headers()}
        letters[int(headers["source_partition"]), int(headers["source_offset"])] = letter, headers
    with committed_reader(settings) as consumer:
        sent = list(read_range(consumer, settings.kafka_topic, {0: (0, len(BAD_MESSAGES))}))
    assert letters.keys() == {(0, m.offset()) for m in sent}
    for message, (name, (_, _, field, reason)) in zip(sent, BAD_MESSAGES.items(), strict=True):
        letter, headers = letters[0, message.offset()]
        assert (letter.key() or b"", letter.value() or b"") == (message.key() or b"", message.value() or b""), name
        assert headers["field"] == field, name
        assert reason in headers["reason"], name


def assert_only_workers_unpickled(audit: str) -> None:
    """No process opened a pickle, and the driver, which alone has models and credentials, unpickled nothing at all.

    Not covered: Spark ships the driver's own functions to its workers by cloudpickle, over
    a loopback socket with a secret. That the workers' are in the log shows that it works.
    """
    lines = [line.split("\t") for line in audit.splitlines()]
    driver = [line for line in lines if "streaming" in line[0]]
    assert {Path(path).name for _, event, path in driver if event == "model.open"} >= {MODEL, CARD, REFERENCE}
    assert [line for line in lines if line[1] == "pickle.open"] == []
    assert [line for line in driver if line[1] == "pickle.find_class"] == []
    assert any(line[1] == "pickle.find_class" for line in lines)


def refusals(settings: Settings) -> list[tuple[int | None, str | None]]:
    return [(e.model_version, e.reason) for e in scorer_events(settings) if e.kind == "model_refused"]
