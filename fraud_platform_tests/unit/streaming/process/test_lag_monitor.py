"""Lag, stalls, and the size of the state."""

from contextlib import nullcontext
from queue import SimpleQueue

import pytest

from fraud_platform.errors import RepartitionedError
from streaming.process import lag_monitor
from streaming.process.lag_monitor import RENEW_SECONDS, Backlog, LagMonitor, state_bytes
from streaming.state.checkpoint import Checkpoint


def test_what_waits_is_counted_by_partition():
    assert Backlog().lags({0: 10, 1: 5}, {0: 12, 1: 5, 2: 3}, now=0) == {0: 2, 1: 0, 2: 3}


def test_a_backlog_of_which_nothing_is_read_is_stalled_from_then_on():
    backlog = Backlog()
    stalled = []
    for now, position, end in [(0, 0, 5), (10, 0, 9), (25, 0, 9), (30, 1, 99), (40, 1, 99), (50, 99, 99), (99, 99, 99)]:
        backlog.lags({0: position}, {0: end}, now)
        stalled.append(backlog.stalled_seconds)
    assert stalled == [0, 10, 25, 0, 10, 0, 0]


def test_a_meter_that_ends_tells_of_it_since_nobody_else_sees_a_stall(settings, tmp_path, monkeypatch):
    monkeypatch.setattr(lag_monitor, "committed_reader", lambda _: nullcontext())
    monkeypatch.setattr(lag_monitor, "watermarks", lambda *_: {}["bug"])
    crashes: SimpleQueue[BaseException] = SimpleQueue()
    LagMonitor(settings, None, Checkpoint(tmp_path, "any", 1, {0: 0}), crashes.put).start()
    assert isinstance(crashes.get(timeout=30), KeyError)


def test_the_state_s_files_are_told_by_what_they_are_about(tmp_path):
    for name, size in {"0/a": 10, "seed/b": 20, "velocity/c": 40, "velocity/seed/d": 80}.items():
        path = tmp_path / f"{name}.arrow"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * size)
    assert {part: sum(sizes) for part, sizes in state_bytes(tmp_path).items()} == {"customers": 30, "velocity": 120}


class IdleScorer:
    """A scorer at some offsets, which counts how often its offsets were committed once more."""

    seconds_behind = 0

    def __init__(self) -> None:
        self.next_offsets, self.renewed = {0: 7}, 0

    def renew_offsets(self) -> None:
        self.renewed += 1


def test_an_idle_scorer_s_offsets_are_committed_again_and_again_and_a_busy_one_commits_its_own(settings, tmp_path):
    scorer = IdleScorer()
    monitor = LagMonitor(settings, scorer, Checkpoint(tmp_path, "any", 1, {0: 0}), pytest.fail)
    for minute in range(1, 5):
        monitor._look({0: (0, 7)}, minute * (RENEW_SECONDS + 1))
    assert scorer.renewed == 3
    for minute in range(5, 9):
        scorer.next_offsets = {0: minute}
        monitor._look({0: (0, minute)}, minute * (RENEW_SECONDS + 1))
    assert scorer.renewed == 3


def test_a_topic_with_more_partitions_is_read_to_where_it_ended_before_another_checkpoint_is_due(settings, tmp_path):
    scorer = IdleScorer()
    monitor = LagMonitor(settings, scorer, Checkpoint(tmp_path, "any", 1, {0: 0}), pytest.fail)
    monitor._look({0: (0, 9), 1: (0, 5)}, 0)
    scorer.next_offsets = {0: 8}
    monitor._look({0: (0, 12), 1: (0, 5)}, 1)
    scorer.next_offsets = {0: 9}
    with pytest.raises(RepartitionedError, match="has 2 partitions, and the checkpoint reads 1"):
        monitor._look({0: (0, 12), 1: (0, 5)}, 2)
