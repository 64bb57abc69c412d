"""Checkpoint against group offsets: the same moment, an older copy, or a contradiction."""

import json
from pathlib import Path

import pytest

from fraud_platform.errors import ExactlyOnceError
from fraud_platform.operations.batch_marker import BatchOffsets, Progress
from streaming.state.checkpoint_agreement import is_current
from streaming.state.spark_log import SparkLog

ENDS = [{0: 10, 1: 0}, {0: 10, 1: 7}, {0: 30, 1: 9}]
START = {0: 0, 1: 0}


def log(folder: Path, planned: int, committed: int) -> SparkLog:
    """Spark's log with batches up to these; -1 for none."""
    for part, last in (("offsets", planned), ("commits", committed)):
        (folder / part).mkdir(exist_ok=True)
        (folder / part / ".7.crc").touch()
        for batch in range(last + 1):
            told = json.dumps({"t": ENDS[batch]})
            (folder / part / str(batch)).write_text(f"v1\n{{}}\n{told}" if part == "offsets" else "v1\n{}")
    return SparkLog(folder, "t", START)


def progress(batch: int | None) -> Progress:
    """Of a group after a batch of ENDS."""
    if batch is None:
        return Progress(None, BatchOffsets(START, START), 2, "id", "w")
    return Progress(batch, BatchOffsets(ENDS[batch - 1] if batch else START, ENDS[batch]), 2, "id", "w")


@pytest.mark.parametrize(
    ("out", "planned", "committed"), [(None, -1, -1), (None, 0, -1), (0, 0, -1), (0, 0, 0), (1, 2, 1), (2, 2, 1)]
)
def test_a_checkpoint_is_current_where_the_last_batch_out_is_its_last_or_the_one_in_doubt(
    tmp_path, out, planned, committed
):
    assert is_current(log(tmp_path, planned, committed), progress(out))


@pytest.mark.parametrize(("out", "planned", "committed"), [(0, -1, -1), (1, 0, 0), (2, 0, 0), (2, 1, 0), (2, 1, 1)])
def test_an_older_copy_is_not(tmp_path, out, planned, committed):
    assert not is_current(log(tmp_path, planned, committed), progress(out))


def test_an_older_copy_that_plans_the_next_batch_with_other_offsets_is_not(tmp_path):
    spark_log = log(tmp_path, 2, 1)
    (tmp_path / "offsets" / "2").write_text('v1\n{}\n{"t":{"0":31,"1":9}}')
    assert not is_current(spark_log, progress(2))


@pytest.mark.parametrize(("out", "committed"), [(None, 0), (None, 2), (0, 2), (1, 2)])
def test_group_offsets_that_are_older_are_an_error(tmp_path, out, committed):
    with pytest.raises(ExactlyOnceError, match=f"batch {committed + 1} follows marker {out}"):
        is_current(log(tmp_path, committed, committed), progress(out))


def test_the_same_batch_with_other_ends_is_an_error(tmp_path):
    moved = progress(1)._replace(offsets=BatchOffsets(ENDS[0], {0: 10, 1: 6}))
    with pytest.raises(ExactlyOnceError, match=r"batch 1 ends at \{0: 10, 1: 7\} in the checkpoint and at"):
        is_current(log(tmp_path, 1, 1), moved)


def test_positions_that_kafka_forgot_contradict_nothing(tmp_path):
    forgotten = progress(2)._replace(offsets=BatchOffsets({1: 7}, {1: 9}))
    assert is_current(log(tmp_path, 2, 1), forgotten)
    assert is_current(log(tmp_path, 2, 2), forgotten)


@pytest.mark.parametrize("emptied", ["offsets/2", "commits/2"])
def test_what_a_power_cut_emptied_is_not_gone_on_with(tmp_path, emptied):
    spark_log = log(tmp_path, 2, 2)
    (tmp_path / emptied).write_text("")
    assert not is_current(spark_log, progress(2))


def test_the_offsets_of_a_batch_go_from_the_end_of_the_one_before(tmp_path):
    spark_log = log(tmp_path, 1, 0)
    assert spark_log.offsets_of(0) == BatchOffsets(START, ENDS[0])
    assert spark_log.offsets_of(1) == BatchOffsets(ENDS[0], ENDS[1])
    with pytest.raises(ExactlyOnceError, match="does not tell the offsets of batch 2"):
        spark_log.offsets_of(2)
