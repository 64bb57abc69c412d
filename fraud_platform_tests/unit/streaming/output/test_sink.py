"""When a batch is already out, and when marker and checkpoint contradict each other."""

from uuid import uuid4

import pytest

from fraud_platform.errors import ExactlyOnceError
from fraud_platform.operations.batch_marker import BatchOffsets, Offsets, Progress
from streaming.output.sink import TransactionalSink, consumer_group, query_id_of

START, MIDDLE, END, LATER = {0: 0, 1: 0}, {0: 5, 1: 0}, {0: 9, 1: 4}, {0: 9, 1: 8}
FIRST, SECOND = BatchOffsets(START, MIDDLE), BatchOffsets(MIDDLE, END)


def sink_after(marker: int | None, start: Offsets, end: Offsets, settings) -> TransactionalSink:
    """A sink that found this progress; nothing is connected."""
    sink = TransactionalSink.__new__(TransactionalSink)
    sink._progress, sink._settings, sink.identity = Progress(marker, BatchOffsets(start, end)), settings, "group"
    return sink


@pytest.mark.parametrize(
    ("marker", "start", "end", "batch", "offsets", "written"),
    [
        (None, START, START, 0, FIRST, False),
        (0, START, MIDDLE, 0, FIRST, True),
        (0, START, MIDDLE, 1, SECOND, False),
        (7, MIDDLE, END, 7, SECOND, True),
        (7, START, MIDDLE, 8, SECOND, False),
        (7, START, MIDDLE, 8, BatchOffsets(MIDDLE, MIDDLE), False),
    ],
)
def test_a_batch_is_written_where_number_and_offsets_are_the_marker_s(
    marker, start, end, batch, offsets, written, settings
):
    assert sink_after(marker, start, end, settings).is_written(batch, offsets) is written


@pytest.mark.parametrize(
    ("marker", "start", "end", "batch", "offsets"),
    [
        # Numbers that do not follow one another.
        (None, START, START, 1, BatchOffsets(START, MIDDLE)),
        (3, START, MIDDLE, 1, SECOND),
        (8, START, MIDDLE, 7, SECOND),
        (1, START, MIDDLE, 3, SECOND),
        # The marker's number with other offsets: of a checkpoint that is one batch older.
        (7, MIDDLE, END, 7, BatchOffsets(MIDDLE, LATER)),
        (7, MIDDLE, LATER, 7, SECOND),
        (7, MIDDLE, END, 7, BatchOffsets(START, END)),
        (7, MIDDLE, END, 7, BatchOffsets(MIDDLE, {**END, 2: 1})),
        # The next number, but offsets that leave a gap, or overlap.
        (6, START, MIDDLE, 7, BatchOffsets(END, LATER)),
        (6, MIDDLE, END, 7, SECOND),
        (6, MIDDLE, {0: 9}, 7, BatchOffsets(END, LATER)),
        (None, MIDDLE, MIDDLE, 0, FIRST),
    ],
)
def test_a_marker_that_does_not_fit_the_batch_is_an_error_that_names_both(marker, start, end, batch, offsets, settings):
    with pytest.raises(ExactlyOnceError, match=rf"batch {batch} \(offsets 0: .* follows marker {marker} \(offsets 0: "):
        sink_after(marker, start, end, settings).is_written(batch, offsets)


@pytest.mark.parametrize(
    "name", [None, "", "of another one", "{group}", "{group}-", "{group}x-{id}", "{group}-{id}\n", "{id}"]
)
def test_a_group_of_another_name_is_no_query_of_ours(settings, name):
    query_id = str(uuid4())
    assert query_id_of(settings, consumer_group(settings, query_id)) == query_id
    assert query_id_of(settings, name and name.format(group=settings.kafka_group_id, id=query_id)) is None
    assert query_id_of(settings, f"{settings.kafka_group_id}-" + "\x1b[2J" * 9) is None
