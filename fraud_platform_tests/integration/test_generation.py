"""A new generation of the checkpoint, made on a real broker, lake and Spark session; no query is started."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from confluent_kafka import TopicPartition
from pyspark.sql import SparkSession

from fraud_platform.core.features.table import feature_set_hash
from fraud_platform.errors import ExactlyOnceError
from fraud_platform.resources.spark import LazySpark
from fraud_platform.schemas import ScorerEvent
from fraud_platform.settings import Settings
from fraud_platform.storage.feed_messages import Disturbances, transaction_messages
from fraud_platform.storage.kafka import admin_client, committed_reader, producer, watermarks
from fraud_platform.storage.ledger import write_event
from fraud_platform_tests import bundles
from fraud_platform_tests.lake_from_topic import fill_lake
from fraud_platform_tests.outcome import read, send
from streaming.generation import Generation, current_generation
from streaming.settings import checkpoint_folder
from streaming.sink import TransactionalSink, consumer_group
from streaming.state import SEED_FOLDER, EventsFile


@pytest.fixture
def settings(make_scorer_settings) -> Settings:
    """Of a topic with some days of transactions."""
    made = make_scorer_settings()
    send(made, transaction_messages(bundles.transactions(3), Disturbances()))
    return made


@pytest.fixture
def spark(settings) -> Iterator[SparkSession]:
    if session := SparkSession.getActiveSession():
        session.stop()  # another test's, of other settings
    session = LazySpark(settings).session
    yield session
    session.stop()


def delete_before(settings: Settings, offset: int) -> None:
    """What retention does to the beginning of every partition."""
    places = [TopicPartition(settings.kafka_topic, p, offset) for p in range(settings.kafka_partitions)]
    admin = admin_client(settings)
    for deleted in admin.delete_records(places).values():
        deleted.result(30)


def former_generation(settings: Settings, starting_offsets: dict[int, int] | None) -> Path:
    """Folder of one that an older release left before its query started."""
    folder = checkpoint_folder(settings) / "0001"
    folder.mkdir(parents=True)
    fields = {"feature_set": "of an older release", "partitions": 2, "starting_offsets": starting_offsets}
    (folder / "generation.json").write_text(json.dumps(fields))
    return folder


def generation_of_query(settings: Settings, query_id: str) -> Path:
    """Folder of one that fits, and whose query has started."""
    folder = former_generation(settings, {0: 0, 1: 0})
    fields = folder / "generation.json"
    fields.write_text(fields.read_text().replace("of an older release", feature_set_hash()))
    (folder / "spark").mkdir()
    (folder / "spark" / "metadata").write_text(json.dumps({"id": query_id}))
    return folder


def start_query(settings: Settings, query_id: str, from_offsets: dict[str, int]) -> TransactionalSink:
    """What the ledger says of a scorer that started, and its output."""
    group = consumer_group(settings, query_id)
    fields = {"from_offsets": from_offsets, "consumer_group": group}
    write_event(settings, ScorerEvent(kind="started", scorer_id="another machine's", at_ms=1, **fields))
    return TransactionalSink(settings, query_id, {int(p): offset for p, offset in from_offsets.items()})


def current(spark: SparkSession, settings: Settings) -> Generation:
    return current_generation(spark, settings, checkpoint_folder(settings))


def seeded(made: Generation) -> int:
    """Events in the seed."""
    return sum(len(EventsFile(path)) for path in (made.state / SEED_FOLDER).glob("*.arrow"))


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
    assert seeded(made) == in_lake
    # The lake does not have the marker at the end of a transaction.
    gone = sum(first - (end - 1) for end in lake_ends.values())
    assert f"{gone} messages that Kafka has deleted are not in the lake either" in caplog.text


def test_where_kafka_forgot_the_last_batch_no_generation_follows_which_would_score_everything_again(settings):
    checkpoint = former_generation(settings, {0: 0, 1: 0}) / "spark"
    (checkpoint / "commits").mkdir(parents=True)
    (checkpoint / "metadata").write_text('{"id": "of-the-former-query"}')
    for batch in (9, 10):
        (checkpoint / "commits" / str(batch)).touch()
    with pytest.raises(ExactlyOnceError, match="batch 11 follows marker None"):
        current(None, settings)


def test_without_a_lake_the_history_is_what_kafka_still_has(settings, spark, caplog):
    former_generation(settings, {0: 80, 1: 80})
    delete_before(settings, 30)
    made = current(spark, settings)
    assert made.starting_offsets == {0: 80, 1: 80}
    assert seeded(made) == 100
    assert "60 messages that Kafka has deleted" in caplog.text
    assert "before they were scored" not in caplog.text


def test_messages_that_kafka_deleted_before_they_were_scored_are_told_of(settings, spark, caplog):
    former_generation(settings, {0: 10, 1: 80})
    delete_before(settings, 30)
    assert current(spark, settings).starting_offsets == {0: 30, 1: 80}
    assert "20 messages were deleted from Kafka before they were scored" in caplog.text


@pytest.mark.parametrize("here", ["nothing", "a checkpoint that was overtaken"])
def test_what_a_query_wrote_whose_checkpoint_is_not_here_is_not_written_again(settings, spark, here, caplog):
    if here != "nothing":
        generation_of_query(settings, str(uuid4()))
    start_query(settings, str(uuid4()), {"0": 0, "1": 0})
    start_query(settings, str(uuid4()), {"0": 20, "1": 20}).write(0, [], {0: 50})
    made = current(spark, settings)
    assert made.starting_offsets == {0: 50, 1: 20}
    assert seeded(made) == 70
    assert "is not here: a new one goes on after it" in caplog.text


def test_where_kafka_forgot_how_far_a_lost_checkpoint_came_nothing_is_scored_again(settings):
    start_query(settings, str(uuid4()), {"0": 20, "1": 20})
    kafka = producer(settings)
    kafka.produce(settings.kafka_predictions_topic, b"a prediction", b"C1")
    assert kafka.flush(30) == 0
    with pytest.raises(ExactlyOnceError, match=r"has forgotten the offsets of the group .* another KAFKA_GROUP_ID"):
        current(None, settings)


def test_a_generation_whose_query_never_started_is_taken_up_again(settings):
    start_query(settings, str(uuid4()), {"0": 20, "1": 20})
    folder = former_generation(settings, {0: 20, 1: 20})
    fields = folder / "generation.json"
    fields.write_text(fields.read_text().replace("of an older release", feature_set_hash()))
    assert current(None, settings).folder == folder


def test_a_checkpoint_is_gone_on_with_where_its_own_query_wrote_last(settings):
    query_id = str(uuid4())
    folder = generation_of_query(settings, query_id)
    start_query(settings, query_id, {"0": 0, "1": 0})
    other_group = settings.model_copy(update={"kafka_group_id": f"{settings.kafka_group_id}-b"})
    start_query(other_group, str(uuid4()), {"0": 0, "1": 0})
    assert current(None, settings).folder == folder
