"""One running scorer and everything that producers can put on its topic: others scored, a letter each, no restart."""

import signal
from collections import Counter

import numpy as np
import pytest
from confluent_kafka import KafkaError, Message
from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource, NewTopic, ResourceType

from fraud_platform.feeding.messages import Disturbances, transaction_messages
from fraud_platform.local.doctor import examine
from fraud_platform.operations.aliases import CHAMPION
from fraud_platform.operations.passing_over import pass_over
from fraud_platform.settings import Settings
from fraud_platform.storage.kafka import admin_client, committed_reader, create_topics, producer
from fraud_platform.storage.kafka_offsets import read_range, watermarks
from fraud_platform.storage.message_times import AFTER, BEFORE, limits
from fraud_platform.storage.registry import Registry
from fraud_platform_tests.support import bundles
from fraud_platform_tests.support.hostile.documents import EVENT_TIME_MS, TRANSACTION
from fraud_platform_tests.support.hostile.topics import ODD_TRANSACTIONS, TRANSACTIONS
from fraud_platform_tests.support.kafka_outcome import assert_features_equal_batch, outcome, predictions, read, send
from fraud_platform_tests.support.long_tests import LONG, long_test
from fraud_platform_tests.support.ports import free_ports
from fraud_platform_tests.support.scorer_process import ScorerProcess
from fraud_platform_tests.support.scraped_metrics import scraped
from fraud_platform_tests.support.waiting import wait_until

LARGE_MESSAGES, LARGE_BYTES = (1_200 if LONG else 200), 950_000
TIMES_MS = (-(2**63), -9_223_372_036_854_777, -62_135_596_800_001, 2**63 - 1, 9_223_372_036_854_776, 4_102_444_800_000)


@pytest.fixture
def settings(mlflow_server, make_scorer_settings, tmp_path) -> Settings:
    made = make_scorer_settings()
    Registry(made).set_alias(CHAMPION, bundles.register(made, tmp_path / "model"))
    return made


def put(settings: Settings, messages: list[tuple[bytes | None, bytes | None]], partition: int = 0) -> None:
    """Messages of any size that compresses to a megabyte."""
    kafka = producer(settings, **{"message.max.bytes": 10_000_000, "queue.buffering.max.kbytes": 200_000})
    failures: list[KafkaError] = []
    for key, value in messages:
        while True:
            try:
                kafka.produce(
                    settings.kafka_topic,
                    value,
                    key,
                    partition,
                    timestamp=EVENT_TIME_MS,
                    on_delivery=lambda error, _: failures.append(error) if error else None,
                )
                break
            except BufferError:
                kafka.poll(0.1)
    assert kafka.flush(120) == 0
    assert failures == []


def letters(settings: Settings) -> dict[tuple[int, int], Message]:
    """Place of the rejected message → letter."""
    found = {}
    for letter in read(settings, settings.kafka_dead_letter_topic):
        headers = dict(letter.headers())
        found[int(headers["source_partition"]), int(headers["source_offset"])] = letter
    return found


def wait_for_all(settings: Settings, scorer: ScorerProcess) -> None:
    wait_until(lambda: outcome(settings).is_exactly_once, "a prediction or a letter for each message", 600)
    assert_not_restarted(settings, scorer)


def assert_not_restarted(settings: Settings, scorer: ScorerProcess) -> None:
    assert scraped(settings, "fraud_scorer_restarts_total") == 0
    assert scorer.end(signal.SIGTERM) == 0


def test_all_kinds_at_once_leave_every_other_transaction_scored_and_a_letter_each(settings, scorer):
    kinds = list(TRANSACTIONS.values())
    odd = [(TRANSACTION.key, value) for value in ODD_TRANSACTIONS.values()]
    scorer.start()
    put(settings, [*((kind.key, kind.value) for kind in kinds), *odd])
    messages = transaction_messages(bundles.transactions(1), Disturbances(duplicates=0.02))
    with scorer.frozen():
        send(settings, messages)
    wait_for_all(settings, scorer)

    # The odd ones that have another transaction's id are its duplicates.
    assert len(predictions(settings)) >= len({m.transaction_id for m in messages}) + 2
    found = letters(settings)
    assert found.keys() == {(0, offset) for offset in range(len(kinds))}
    for offset, (name, kind) in enumerate(TRANSACTIONS.items()):
        letter, headers = found[0, offset], {n: v.decode() for n, v in found[0, offset].headers()}
        assert headers["field"].startswith(kind.field) and kind.reason in headers["reason"], name
        whole = kind.value or b""
        assert whole.startswith(letter.value() or b""), name
        assert int(headers.get("value_bytes", len(letter.value() or b""))) == len(whole), name
    assert_features_equal_batch(settings)


def test_messages_of_a_megabyte_that_compress_to_nothing_are_a_letter_each(settings, scorer):
    rng = np.random.default_rng(1)
    put(settings, [(b"C1", rng.bytes(LARGE_BYTES)) for _ in range(LARGE_MESSAGES)])
    put(settings, [(b"C1", b" " * 9_000_000)] * 100, partition=1)
    put(settings, [(TRANSACTION.key, TRANSACTION.value())])
    scorer.start()
    wait_until(lambda: len(letters(settings)) == LARGE_MESSAGES + 100 and predictions(settings), "a letter each", 600)
    assert_not_restarted(settings, scorer)
    assert [p.transaction_id for p in predictions(settings)] == ["T1"]


@pytest.mark.parametrize("time_ms", TIMES_MS)
def test_a_topic_of_the_platform_takes_no_message_from_the_edges_of_time(broker, make_settings, time_ms):
    settings = make_settings()
    create_topics(settings)
    assert delivery(settings, time_ms).code() == KafkaError.INVALID_TIMESTAMP


def test_a_message_without_a_time_is_a_letter(settings, scorer):
    """Minus one says that there is none, and no limit of a topic holds for it."""
    assert delivery(settings, -1) is None
    put(settings, [(TRANSACTION.key, TRANSACTION.value())])
    scorer.start()
    wait_for_all(settings, scorer)
    ((_, letter),) = letters(settings).items()
    assert dict(letter.headers())["field"] == b"event_time_ms"


def delivery(settings: Settings, time_ms: int, partition: int = -1) -> KafkaError | None:
    """What became of a message of that time."""
    told: list[KafkaError | None] = []
    kafka = producer(settings)
    kafka.produce(
        settings.kafka_topic,
        TRANSACTION.value(),
        TRANSACTION.key,
        partition,
        timestamp=time_ms,
        on_delivery=lambda error, _: told.append(error),
    )
    assert kafka.flush(30) == 0
    return told[0]


def test_a_topic_without_limits_is_named_by_the_doctor_until_it_has_them(broker, make_settings):
    settings = make_settings()
    admin = admin_client(settings)
    unlimited = {name: str(2**63 - 1) for name in (BEFORE, AFTER)}
    admin.create_topics([NewTopic(settings.kafka_topic, 1, config=unlimited)])[settings.kafka_topic].result()
    create_topics(settings)
    findings = {found.name: found for found in examine(settings)}
    finding = findings[f"times of {settings.kafka_topic}"]
    assert not finding.ok and not finding.needed
    assert f"{AFTER}=3600000" in finding.fix
    assert f"times of {settings.kafka_labels_topic}" not in findings

    resource = ConfigResource(ResourceType.TOPIC, settings.kafka_topic)
    for name, value in limits(settings).items():
        resource.add_incremental_config(ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET))
    admin.incremental_alter_configs([resource])[resource].result()
    assert [found.ok for found in examine(settings) if found.name == "times of messages"] == [True]


@long_test
def test_a_range_that_spark_cannot_read_is_passed_over_at_a_persons_word_and_all_else_is_scored_once(
    broker, mlflow_server, make_settings, tmp_path
):
    spark_ui, metrics = free_ports(2)
    settings = make_settings(spark_ui_port=spark_ui, metrics_port=metrics, kafka_partitions=2, scorer_max_restarts=50)
    unlimited = {name: str(2**63 - 1) for name in (BEFORE, AFTER)}
    topic = NewTopic(settings.kafka_topic, 2, config=unlimited | {"retention.ms": "-1"})
    admin = admin_client(settings)  # one that nobody holds never hears the broker's answer
    admin.create_topics([topic])[settings.kafka_topic].result()
    create_topics(settings)
    Registry(settings).set_alias(CHAMPION, bundles.register(settings, tmp_path / "model"))
    messages = sorted(transaction_messages(bundles.transactions(1), Disturbances(duplicates=0.02)))
    half = len(messages) // 2
    send(settings, messages[:half])
    put(settings, [(b"C1", b"between")])
    assert delivery(settings, 2**63 - 1, partition=0) is None
    assert delivery(settings, -(2**63), partition=0) is None
    send(settings, messages[half:])
    with committed_reader(settings) as consumer:
        stored = list(read_range(consumer, settings.kafka_topic, watermarks(consumer, settings.kafka_topic)))
    bad = sorted((m.partition(), m.offset()) for m in stored if abs(m.timestamp()[1]) > 2**60)
    scorer = ScorerProcess(settings)
    try:
        scorer.start()
        wait_until(lambda: (scraped(settings, "fraud_scorer_restarts_total") or 0) >= 1, "a scorer that cannot go on")
        assert predictions(settings) == []
        pass_over(settings, 0, bad[0][1], bad[-1][1] + 1, by="ann", reason="no time for Spark")
        wait_until(lambda: outcome(settings).is_exactly_once, "a prediction or a letter for each message")
        assert scorer.end(signal.SIGTERM) == 0
    finally:
        if scorer.is_running():
            scorer.end(signal.SIGKILL)

    reasons = {place: dict(letter.headers())["reason"] for place, letter in letters(settings).items()}
    assert {reasons[place] for place in bad} == {b"passed over by ann: no time for Spark"}
    assert Counter(p.transaction_id for p in predictions(settings)) == Counter({m.transaction_id for m in messages})
    assert_features_equal_batch(settings)
