"""A new checkpoint where messages were deleted, the topic was created anew or got partitions; no query is started."""

import json
import logging
import re
from pathlib import Path

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import NewPartitions

from fraud_platform.errors import (
    ConfigurationError,
    DeletedMessagesError,
    ExactlyOnceError,
    ServiceUnavailableError,
    TopicRecreatedError,
)
from fraud_platform.feeding.messages import Disturbances, transaction_messages
from fraud_platform.messages.partitioner import CRC32, LIBRDKAFKA, MURMUR2
from fraud_platform.operations.batch_marker import BatchOffsets
from fraud_platform.settings import Settings
from fraud_platform.storage.kafka import admin_client, committed_reader, producer
from fraud_platform.storage.kafka_offsets import watermarks
from fraud_platform_tests.chaos.kafka_faults import recreate
from fraud_platform_tests.support import bundles
from fraud_platform_tests.support.checkpoint_query import Running, bootstrapped, current, start_query
from fraud_platform_tests.support.kafka_outcome import read, send
from fraud_platform_tests.support.lake_from_topic import fill_lake
from fraud_platform_tests.support.simulated_world import LAYOUT
from streaming.metrics import metrics
from streaming.state.checkpoint import checkpoint_folder, newest_checkpoint


def delete_before(settings: Settings, offset: int) -> None:
    """What retention does to the beginning of every partition."""
    places = [TopicPartition(settings.kafka_topic, p, offset) for p in range(settings.kafka_partitions)]
    admin = admin_client(settings)
    for deleted in admin.delete_records(places).values():
        deleted.result(30)


def former_checkpoint(settings: Settings, starting_offsets: dict[int, int] | None) -> Path:
    """Folder of one that an older release left before its query started."""
    folder = checkpoint_folder(settings) / "0001"
    folder.mkdir(parents=True)
    fields = {"feature_set": "of an older release", "partitions": 2, "starting_offsets": starting_offsets}
    (folder / "generation.json").write_text(json.dumps(fields))
    return folder


def ends(settings: Settings) -> dict[int, int]:
    with committed_reader(settings) as consumer:
        return {p: end for p, (_, end) in watermarks(consumer, settings.kafka_topic).items()}


def test_messages_that_kafka_deleted_before_the_lake_had_them_are_told_of_and_left_out(settings, spark, caplog):
    fill_lake(settings)
    in_lake, lake_ends = len(read(settings, settings.kafka_topic)), ends(settings)
    send(settings, transaction_messages(bundles.transactions(5), Disturbances()))
    first = max(lake_ends.values()) + 10
    delete_before(settings, first)
    with caplog.at_level(logging.WARNING):
        made = current(spark, settings)
    assert made.starting_offsets == {0: first, 1: first}
    assert bootstrapped(made) == in_lake
    # The lake does not have the marker at the end of a transaction.
    gone = sum(first - (end - 1) for end in lake_ends.values())
    assert f"{gone} messages that Kafka has deleted are not in the lake either" in caplog.text


def test_where_kafka_forgot_the_last_batch_no_checkpoint_follows_which_would_score_everything_again(settings):
    checkpoint = former_checkpoint(settings, {0: 0, 1: 0}) / "spark"
    (checkpoint / "commits").mkdir(parents=True)
    (checkpoint / "metadata").write_text('{"id": "of-the-former-query"}')
    for batch in (9, 10):
        (checkpoint / "commits" / str(batch)).touch()
    with pytest.raises(ExactlyOnceError, match="batch 11 follows marker None"):
        current(None, settings)


def test_without_a_lake_the_history_is_what_kafka_still_has(settings, spark, caplog):
    former_checkpoint(settings, {0: 80, 1: 80})
    delete_before(settings, 30)
    made = current(spark, settings)
    assert made.starting_offsets == {0: 80, 1: 80}
    assert bootstrapped(made) == 100
    assert "60 messages that Kafka has deleted" in caplog.text
    assert "before they were scored" not in caplog.text


def test_messages_that_kafka_deleted_before_they_were_scored_stop_the_scorer_until_it_is_told_to_skip_them(
    settings, spark
):
    running = Running(settings, {0: 0, 1: 0})
    running.write(0, {0: 10, 1: 80})
    delete_before(settings, 30)
    told = r"20 messages were deleted from Kafka before they were scored \(partition: offsets 0: 10-29\)"
    with pytest.raises(DeletedMessagesError, match=f"{told}: set ON_DELETED_MESSAGES=skip"):
        current(None, settings)
    skipped = metrics.DELETED._value.get()
    made = current(spark, settings.model_copy(update={"on_deleted_messages": "skip"}))
    assert made.starting_offsets == {0: 30, 1: 80}
    assert re.fullmatch(told, made.why)
    assert metrics.DELETED._value.get() - skipped == 20


def test_where_a_partition_ends_before_the_output_nothing_is_scored_until_it_is_whole_again(settings):
    running = Running(settings, {0: 0, 1: 0})
    running.write(0, {0: 10, 1: 1_000_000})
    with pytest.raises(ServiceUnavailableError, match=r"partition 1 .* and the output at 1000000"):
        current(None, settings)


def test_a_topic_that_was_deleted_and_created_anew_is_scored_from_its_start(settings, spark, caplog):
    running = Running(settings, {0: 0, 1: 0})
    running.write(0, {0: 50, 1: 50})
    recreate(settings)
    send(settings, transaction_messages(bundles.transactions(3), Disturbances()))
    with pytest.raises(TopicRecreatedError, match="was deleted and created anew"):
        running.sink.write(1, [], BatchOffsets({0: 50, 1: 50}, {0: 60, 1: 60}))
    made = current(spark, settings)
    assert made.starting_offsets == {0: 0, 1: 0}
    assert bootstrapped(made) == 0
    assert "was deleted and created anew" in made.why
    assert current(None, settings) == made


def test_a_lake_of_another_topic_is_no_place_to_begin_at(settings, spark):
    fill_lake(settings)
    recreate(settings)
    with pytest.raises(ConfigurationError, match="set STARTING_OFFSETS=earliest"):
        current(spark, settings)


def test_with_new_partitions_the_old_ones_are_read_up_first_and_everyone_has_all_of_it(settings, spark):
    running = Running(settings, {0: 0, 1: 0})
    running.write(0, {0: 50, 1: 50})
    admin = admin_client(settings)
    admin.create_partitions([NewPartitions(settings.kafka_topic, 3)])[settings.kafka_topic].result(30)
    assert current(None, settings) == running.checkpoint
    ends_then = ends(settings)
    send(settings, transaction_messages(bundles.transactions(3), Disturbances()))
    running.sink = start_query(settings, running.query_id, {0: 0, 1: 0})
    running.write(1, {0: ends_then[0], 1: ends_then[1]})
    made = current(spark, settings)
    assert made.starting_offsets == {0: ends_then[0], 1: ends_then[1], 2: 0}
    assert bootstrapped(made) == len({m.value for m in transaction_messages(bundles.transactions(3), Disturbances())})


def test_producers_of_another_hash_get_a_new_checkpoint_with_everyone_s_history(settings, spark):
    running = Running(settings, {0: 0, 1: 0})
    running.write(0, {0: 50, 1: 50})
    assert current(None, settings).partitioner == MURMUR2
    former = producer(settings, partitioner=LIBRDKAFKA[CRC32])
    for message in 3 * transaction_messages(bundles.transactions(10), Disturbances()):
        former.produce(settings.kafka_topic, message.value, message.key, timestamp=message.send_ms)
        former.poll(0)
    assert former.flush(60) == 0
    made = current(spark, settings)
    assert made.folder.name == "0002" and made.starting_offsets == {0: 50, 1: 50}
    assert "by crc32, and by murmur2 before" in made.why
    assert (made.partitioner, bootstrapped(made)) == (CRC32, 100)
    assert current(None, settings) == made


def test_a_checkpoint_learns_the_hash_once_and_keeps_it(settings):
    running = Running(settings, {0: 0, 1: 0})
    assert running.checkpoint.partitioner is None
    assert running.checkpoint.knowing("unknown") is running.checkpoint
    known = running.checkpoint.knowing(CRC32)
    assert newest_checkpoint(checkpoint_folder(settings)).partitioner == known.partitioner == CRC32
    assert known.knowing(MURMUR2) is known


def test_keys_that_cannot_be_sampled_are_no_reason_not_to_go_on(settings, monkeypatch):
    running = Running(settings, {0: 0, 1: 0})

    def unreadable(*_) -> None:
        raise ServiceUnavailableError("a message is damaged")

    monkeypatch.setattr("streaming.state.checkpoint_lineage.key_spread", unreadable)
    found = current(None, settings)
    assert (found, found.partitioner) == (running.checkpoint, None)


def test_state_in_rows_of_another_layout_is_made_anew_from_the_lake(settings, spark):
    running = Running(settings, {0: 0, 1: 0}, event_layout="of another release")
    running.write(0, {0: 30, 1: 25})
    made = current(spark, settings)
    assert made.folder != running.checkpoint.folder and made.event_layout == LAYOUT.version
    assert made.starting_offsets == {0: 30, 1: 25} and made.follows == running.query_id
