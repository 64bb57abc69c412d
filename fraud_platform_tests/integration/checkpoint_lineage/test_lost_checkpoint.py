"""A new checkpoint where the former one is lost, old or at odds with Kafka; no query is started."""

from uuid import uuid4

import pytest
from confluent_kafka import Consumer, KafkaException, TopicPartition

from fraud_platform.errors import ExactlyOnceError, OvertakenError
from fraud_platform.operations.batch_marker import BatchOffsets
from fraud_platform.operations.ledger import write_event
from fraud_platform.settings import Settings
from fraud_platform.storage.kafka import client_config, producer
from fraud_platform.storage.topic_id import TopicId
from fraud_platform_tests.chaos.kafka_faults import delete_positions
from fraud_platform_tests.support.checkpoint_query import Running, bootstrapped, current, start_query, started
from fraud_platform_tests.support.simulated_world import FEATURE_SET, LAYOUT
from streaming.output.sink import TransactionalSink, consumer_group
from streaming.state.checkpoint import Checkpoint, checkpoint_folder
from streaming.state.checkpoint_lineage import open_output


def predict(settings: Settings) -> None:
    kafka = producer(settings)
    kafka.produce(settings.kafka_predictions_topic, b"a prediction", b"C1")
    assert kafka.flush(30) == 0


def commit(settings: Settings, query_id: str, *places: TopicPartition) -> None:
    """What somebody with the right to a group's offsets can do."""
    consumer = Consumer(client_config(settings, **{"group.id": consumer_group(settings, query_id)}))
    consumer.commit(offsets=list(places), asynchronous=False)
    consumer.close()


@pytest.mark.parametrize("here", ["nothing", "a checkpoint that was overtaken"])
def test_what_a_query_wrote_whose_checkpoint_is_not_here_is_not_written_again(settings, spark, here, caplog):
    if here == "nothing":
        start_query(settings, str(uuid4()), {0: 0, 1: 0})
    else:
        Running(settings, {0: 0, 1: 0}).write(0, {0: 20, 1: 20})
    other = start_query(settings, str(uuid4()), {0: 20, 1: 20})
    other.write(0, [], BatchOffsets({0: 20, 1: 20}, {0: 50, 1: 20}))
    made = current(spark, settings)
    assert made.starting_offsets == {0: 50, 1: 20}
    assert bootstrapped(made) == 70
    assert "is not here" in caplog.text and "is not here" in made.why
    with pytest.raises(KafkaException, match="fenced"):  # and not a mere timeout: it must not start again
        other.renew()


def test_a_former_scorer_that_starts_again_while_the_history_is_gathered_is_not_written_over(settings, spark):
    start, middle, end = {0: 0, 1: 0}, {0: 20, 1: 20}, {0: 50, 1: 20}
    start_query(settings, (other := str(uuid4())), start).write(0, [], BatchOffsets(start, middle))
    made = current(spark, settings)
    TransactionalSink(settings, other).write(1, [], BatchOffsets(middle, end))
    with pytest.raises(OvertakenError, match="wrote on while a new checkpoint was made"):
        open_output(settings, made, str(uuid4()))
    made = current(spark, settings)
    assert made.starting_offsets == end
    again = TransactionalSink(settings, other)
    open_output(settings, made, str(uuid4())).renew()
    with pytest.raises(KafkaException, match="fenced"):
        again.renew()


def test_where_kafka_forgot_how_far_a_lost_checkpoint_came_nothing_is_scored_again(settings):
    write_event(settings, started(consumer_group(settings, str(uuid4())), {0: 20, 1: 20}))
    predict(settings)
    with pytest.raises(ExactlyOnceError, match=r"has forgotten the offsets of the groups .* another KAFKA_GROUP_ID"):
        current(None, settings)


def test_a_checkpoint_whose_query_never_started_is_taken_up_again(settings):
    start_query(settings, str(uuid4()), {0: 20, 1: 20})
    made = Checkpoint(
        checkpoint_folder(settings) / "0001",
        FEATURE_SET.hash,
        2,
        {0: 20, 1: 20},
        TopicId(settings, settings.kafka_topic).now(),
        event_layout=LAYOUT.version,
    )
    made.write()
    assert current(None, settings) == made


def test_a_checkpoint_is_gone_on_with_where_its_own_query_wrote_last(settings):
    running = Running(settings, {0: 0, 1: 0})
    other_group = settings.model_copy(update={"kafka_group_id": f"{settings.kafka_group_id}-b"})
    start_query(other_group, str(uuid4()), {0: 0, 1: 0})
    assert current(None, settings) == running.checkpoint
    running.sink = start_query(settings, running.query_id, {0: 0, 1: 0})
    running.write(0, {0: 10, 1: 0})
    running.write(1, {0: 10, 1: 40}, committed=False)
    assert current(None, settings) == running.checkpoint


@pytest.mark.parametrize("lost", [1, 2])
@pytest.mark.parametrize("is_planned_anew", [False, True])
def test_an_older_copy_of_the_checkpoint_loses_and_doubles_nothing(settings, spark, lost, is_planned_anew):
    """Also one batch older, when the batch that comes next has the marker's number, and other offsets."""
    running = Running(settings, {0: 0, 1: 0})
    for batch, end in enumerate([{0: 10, 1: 10}, {0: 20, 1: 30}, {0: 40, 1: 40}]):
        running.write(batch, end)
    for batch in range(3 - lost, 3):
        running.lose(batch)
    if is_planned_anew:
        running.plan(3 - lost, {0: 60, 1: 60})
    made = current(spark, settings)
    assert made.starting_offsets == {0: 40, 1: 40}
    assert bootstrapped(made) == 80
    assert made.why == f"the checkpoint is at batch {2 - lost}, and the output at batch 2"


def test_a_checkpoint_that_a_power_cut_left_half_is_replaced_by_one_that_goes_on_where_the_output_ends(settings, spark):
    running = Running(settings, {0: 0, 1: 0})
    running.write(0, {0: 10, 1: 10})
    (running.checkpoint.spark_folder / "offsets" / "0").write_text("")
    assert current(spark, settings).starting_offsets == {0: 10, 1: 10}


def test_group_offsets_that_are_older_than_the_checkpoint_are_an_error(settings):
    running = Running(settings, {0: 0, 1: 0})
    running.write(0, {0: 10, 1: 10})
    (running.checkpoint.spark_folder / "commits" / "1").write_text("v1\n{}")
    with pytest.raises(ExactlyOnceError, match="batch 2 follows marker 0: Kafka's group offsets are older"):
        current(None, settings)


def test_offsets_of_a_group_that_somebody_moved_are_an_error(settings):
    running = Running(settings, {0: 0, 1: 0})
    running.write(0, {0: 10, 1: 10})
    commit(settings, running.query_id, TopicPartition(settings.kafka_topic, 1, 5))
    with pytest.raises(ExactlyOnceError, match=r"do not come from one transaction .* of which \[1\] differ"):
        current(None, settings)


@pytest.mark.parametrize("committed", [True, False])
@pytest.mark.parametrize("forgotten", [[0], [1], [0, 1]])
def test_a_position_that_kafka_forgot_is_the_checkpoint_s_and_never_the_topic_s_start(
    settings, caplog, committed, forgotten
):
    running = Running(settings, {0: 0, 1: 0})
    running.write(0, {0: 10, 1: 10})
    running.write(1, {0: 20, 1: 30}, committed=committed)
    for partition in forgotten:
        delete_positions(settings, running.query_id, settings.kafka_topic, partition)
    assert current(None, settings) == running.checkpoint
    assert f"Kafka forgot the positions of partitions {forgotten}" in caplog.text
    again = TransactionalSink(settings, running.query_id)
    assert again.next_offsets == {0: 20, 1: 30}
    assert again.is_written(1, BatchOffsets({0: 10, 1: 10}, {0: 20, 1: 30}))


@pytest.mark.parametrize("topic", ["kafka_topic", "kafka_events_topic"])
def test_a_position_that_nobody_knows_any_more_is_an_error_and_the_marker_s_is_none(settings, spark, topic):
    sink = start_query(settings, str(uuid4()), {0: 0, 1: 0})
    sink.write(0, [], BatchOffsets({0: 0, 1: 0}, {0: 10, 1: 10}))
    delete_positions(settings, sink.identity.removeprefix(f"{settings.kafka_group_id}-"), getattr(settings, topic), 0)
    if topic == "kafka_topic":
        with pytest.raises(ExactlyOnceError, match=r"forgotten the positions of partitions \[0\]"):
            current(None, settings)
    else:  # what stands beside the positions tells the batch, too
        assert current(spark, settings).starting_offsets == {0: 10, 1: 10}


@pytest.mark.parametrize("forged", ["of an unknown query", "of an earlier query", "of another name"])
def test_a_forged_start_in_the_ledger_moves_nothing(settings, forged):
    earlier = start_query(settings, str(uuid4()), {0: 0, 1: 0})
    running = Running(settings, {0: 20, 1: 20})
    running.write(0, {0: 30, 1: 30})
    predict(settings)
    groups = {
        "of an unknown query": consumer_group(settings, str(uuid4())),
        "of an earlier query": earlier.identity,
        "of another name": f"{settings.kafka_group_id}-\x1b[2J" + "x" * 36,
    }
    for _ in range(3):
        write_event(settings, started(groups[forged], {0: 0, 1: 0}))
    assert current(None, settings) == running.checkpoint


def test_on_a_first_start_a_forged_one_changes_nothing_either(settings, spark):
    write_event(settings, started(consumer_group(settings, str(uuid4())), {0: 70, 1: 70}))
    assert current(spark, settings).starting_offsets == {0: 0, 1: 0}


def test_what_a_former_release_wrote_is_gone_on_after_with_partitions_of_which_it_had_read_nothing(settings, spark):
    running = Running(settings, {0: 15, 1: 20}, begin=False, feature_set="of a former release")
    running.plan(0, {0: 41, 1: 20})
    (running.checkpoint.spark_folder / "commits" / "0").write_text("v1\n{}")
    places = [TopicPartition(settings.kafka_events_topic, 0, 0), TopicPartition(settings.kafka_topic, 0, 40)]
    commit(settings, running.query_id, *places)
    assert current(spark, settings).starting_offsets == {0: 40, 1: 20}


def test_where_a_former_release_left_a_position_out_and_its_checkpoint_is_lost_too_it_is_an_error(settings):
    places = [TopicPartition(settings.kafka_events_topic, 0, 0), TopicPartition(settings.kafka_topic, 0, 40)]
    commit(settings, str(uuid4()), *places)
    with pytest.raises(ExactlyOnceError, match=r"forgotten the positions of partitions \[1\]"):
        current(None, settings)
