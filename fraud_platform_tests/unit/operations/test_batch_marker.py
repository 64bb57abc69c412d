"""What a group's offsets say of a query: written and read, forgotten, moved, and by a former release."""

import pytest
from confluent_kafka import OFFSET_INVALID, TopicPartition

from fraud_platform.errors import ExactlyOnceError
from fraud_platform.operations.batch_marker import LONGEST_STAMP, BatchOffsets, Progress, commits_of, progress_of

PROGRESS = Progress(7, BatchOffsets({0: 5, 1: 9}, {0: 8, 1: 9}), 2, "topic", "writer", {"counts": [1, 2]})


def found(settings, progress: Progress = PROGRESS) -> dict[tuple[str, int], TopicPartition]:
    """What the transaction committed, by place."""
    return {(place.topic, place.partition): place for place in commits_of(settings, progress)}


def test_what_a_transaction_committed_is_what_is_read(settings):
    assert progress_of(settings, "g", found(settings).values()) == PROGRESS
    assert PROGRESS.missing == []


def test_before_the_first_batch_there_are_positions_and_no_marker(settings):
    begun = Progress(None, BatchOffsets({0: 5, 1: 9}, {0: 5, 1: 9}), 2, "topic", "writer")
    committed = found(settings, begun)
    assert (settings.kafka_events_topic, 0) not in committed
    assert progress_of(settings, "g", committed.values()) == begun


def test_of_a_group_that_kafka_does_not_know_nothing_is_said(settings):
    unknown = [TopicPartition(settings.kafka_topic, 0, OFFSET_INVALID), TopicPartition("another", 0, 5)]
    assert progress_of(settings, "g", unknown) is None


@pytest.mark.parametrize("forgotten", [[0], [1], [0, 1]])
def test_a_position_that_kafka_forgot_is_missing(settings, forgotten):
    committed = found(settings)
    for partition in forgotten:
        committed[settings.kafka_topic, partition].offset = OFFSET_INVALID
    progress = progress_of(settings, "g", committed.values())
    assert progress.missing == forgotten
    assert progress.batch == 7


def test_without_the_marker_the_positions_tell_the_batch(settings):
    committed = found(settings)
    del committed[settings.kafka_events_topic, 0]
    assert progress_of(settings, "g", committed.values()) == PROGRESS._replace(note={})


@pytest.mark.parametrize(
    "metadata", ["", "moved by hand", "{}", "null", '{"batch":"7"}', "[" * 2000, '{"x":' + "[" * 1900]
)
def test_a_position_that_somebody_moved_is_an_error_that_names_it(settings, metadata):
    committed = found(settings)
    committed[settings.kafka_topic, 1] = TopicPartition(settings.kafka_topic, 1, 3, metadata)
    with pytest.raises(ExactlyOnceError, match=r"marker 7, partitions \[0, 1\], of which \[1\] differ"):
        progress_of(settings, "g", committed.values())


@pytest.mark.parametrize("changed", [{"batch": 6}, {"writer": "b"}, {"topic_id": "b"}])
def test_positions_of_several_transactions_are_an_error(settings, changed):
    committed = found(settings)
    committed[settings.kafka_topic, 1] = found(settings, PROGRESS._replace(**changed))[settings.kafka_topic, 1]
    with pytest.raises(ExactlyOnceError, match="do not come from one transaction"):
        progress_of(settings, "g", committed.values())


def test_a_former_release_stamped_nothing_and_left_out_what_it_had_not_read(settings):
    places = [TopicPartition(settings.kafka_events_topic, 0, 4), TopicPartition(settings.kafka_topic, 1, 20)]
    progress = progress_of(settings, "g", places)
    assert progress == Progress(4, BatchOffsets({}, {1: 20}))
    assert not progress.is_stamped and progress.missing == []


def test_a_note_that_a_broker_would_not_take_is_refused_before_it_is_sent(settings):
    with pytest.raises(ValueError, match=f"longer than {LONGEST_STAMP}"):
        commits_of(settings, PROGRESS._replace(note={"text": "x" * LONGEST_STAMP}))


def test_stamps_of_a_newer_release_are_read(settings):
    newer = [
        TopicPartition(p.topic, p.partition, p.offset, p.metadata[:-1] + ',"of a newer release":{"a":[1]}}')
        for p in found(settings).values()
    ]
    assert progress_of(settings, "g", newer) == PROGRESS
