"""What is kept of a partition's messages: little, whatever their number and size."""

import tracemalloc

import pyarrow as pa
import pytest

from fraud_platform.messages.arrow_schemas import PASSED_OVER
from fraud_platform_tests.support.bad_messages import EVENT_TIME_MS, KEY, valid
from fraud_platform_tests.support.message_batch import good, messages, no_history
from streaming.batch import received as module
from streaming.batch.features import rows_of, transform
from streaming.batch.received import DEAD_LETTER_BYTES, SHORT_BYTES, Received, received

MEGABYTE = b"\xff" * 1_000_000


def test_rows_do_not_depend_on_how_the_messages_are_cut_into_parts():
    rows = [good(1), (KEY, b"x"), good(2), (None, valid()), (KEY, None), good(1), (KEY, b""), good(3)]
    whole, kept = transform(messages(rows), no_history)
    for size in range(1, len(rows)):
        table = messages(rows)
        parts = [table.slice(start, size) for start in range(0, len(rows), size)]
        cut, kept_of_cut = rows_of(received(parts), no_history)
        assert cut.equals(whole)
        assert (kept_of_cut == kept).all()


def test_a_batch_of_large_messages_takes_no_more_memory_than_one_of_its_parts():
    """400 messages of a megabyte, ten at a time: what is left of each part is its letters."""

    def parts():
        for first in range(0, 400, 10):
            yield messages([(KEY, MEGABYTE)] * 10, first)

    tracemalloc.start()
    kept = received(parts())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(kept) == len(kept.rejections) == 400
    # Whole letters up to the limit, a part as Python objects, and copies on their way.
    assert peak < module.FULL_DEAD_LETTERS_BYTES + 40_000_000


@pytest.fixture
def limits(monkeypatch) -> None:
    monkeypatch.setattr(module, "FULL_DEAD_LETTERS_BYTES", 2 * DEAD_LETTER_BYTES)
    monkeypatch.setattr(module, "DEAD_LETTERS_BYTES", 2 * DEAD_LETTER_BYTES + 3 * SHORT_BYTES)


def test_letters_grow_shorter_as_a_batch_has_more_of_them_and_none_is_left_out(limits):
    kept = Received()
    kept.add(messages([(KEY, MEGABYTE)] * 8))
    assert [len(value) for value in kept.values] == [DEAD_LETTER_BYTES] * 2 + [SHORT_BYTES] * 3 + [0] * 3
    assert kept.value_bytes == [len(MEGABYTE)] * 8
    assert [r.index for r in kept.rejections] == list(range(8))


def test_what_fits_is_whole_and_a_tombstone_stays_one():
    kept = received([messages([(KEY, None), (None, b"x" * DEAD_LETTER_BYTES), (b"k" * 2_000, b"")])])
    assert kept.values == [None, b"x" * DEAD_LETTER_BYTES, b""]
    assert kept.value_bytes == [None] * 3
    assert kept.keys == [KEY, None, b"k" * SHORT_BYTES]


def test_arrivals_are_those_of_the_accepted_messages():
    """A message that is rejected, of whatever time, says nothing about the state's age."""
    table = messages([good(1), (KEY, b"x"), good(2)])
    times = pa.array([EVENT_TIME_MS, -1, EVENT_TIME_MS], pa.int64())
    kept = received([table.set_column(table.column_names.index("timestamp_ms"), "timestamp_ms", times)])
    assert kept.arrivals_ms.tolist() == [EVENT_TIME_MS, EVENT_TIME_MS]


def test_what_is_passed_over_is_rejected_unseen_with_who_and_why():
    table = messages([good(1), good(2), (KEY, b"x")])
    table = table.append_column(PASSED_OVER, pa.array([None, "passed over by ann: broken", None], pa.string()))
    rows, _ = rows_of(received([table]), no_history)
    assert rows["status"].to_pylist() == ["scored", "rejected", "rejected"]
    assert rows["reason"].to_pylist() == [None, "passed over by ann: broken", "is not JSON"]
    assert rows["value"].to_pylist() == [None, good(2)[1], b"x"]
