"""Runs on disk: what a batch finds there, after crashes, merges and a month."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fraud_platform.core.features.event_layout import EventArray
from fraud_platform.core.time import DAY_MS
from fraud_platform_tests.support.event_rows import build, event
from fraud_platform_tests.support.simulated_world import KERNEL, LAYOUT
from streaming.state.customers import BOOTSTRAP_FOLDER, REACH_MS, PartitionState, write_events
from streaming.state.lsm_store import FAN_OUT, LEVEL_ROWS

NOW_MS = 1_800_000_000_000
ALL = np.arange(1, 50)


def events(customers: list[int] | np.ndarray, first_transaction: int, time_ms: int = NOW_MS) -> EventArray:
    made = np.zeros(len(customers), LAYOUT.dtype)
    made["_key"] = np.sort(customers)
    made["_transaction"] = np.arange(first_transaction, first_transaction + len(made))
    made["_time_ms"] = time_ms
    return made


def crash(path: Path) -> None:
    raise KeyboardInterrupt


@contextmanager
def files_limited_to(size: int) -> Iterator[None]:
    """Writing more than so many bytes to a file fails, as on a full disk."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))


def transactions(state: PartitionState, *customers: int) -> list[int]:
    return state.history(np.array(customers, np.int64))["_transaction"].tolist()


def test_a_batch_finds_the_events_of_its_customers_from_earlier_batches_only(tmp_path):
    PartitionState(tmp_path, 0, 0).add(events([3, 1, 2, 2], 10))  # 1: 10, 2: 11 12, 3: 13
    PartitionState(tmp_path, 0, 1).add(events([2, 5], 20))
    assert transactions(PartitionState(tmp_path, 0, 1), 2) == [11, 12]
    assert transactions(PartitionState(tmp_path, 0, 2), 2, 4, 5) == [11, 12, 20, 21]
    assert transactions(PartitionState(tmp_path, 1, 2), 2) == []


def test_a_batch_run_again_finds_what_it_found_and_writes_over_itself(tmp_path):
    PartitionState(tmp_path, 0, 0).add(events([1], 1))
    for _ in range(2):
        again = PartitionState(tmp_path, 0, 1)
        assert transactions(again, 1) == [1]
        again.add(events([1], 2))
    assert transactions(PartitionState(tmp_path, 0, 2), 1) == [1, 2]


def test_a_batch_that_does_not_fit_on_the_disk_leaves_nothing_and_fits_when_there_is_room(tmp_path):
    PartitionState(tmp_path, 0, 0).add(events([1, 2], 10))
    before = sorted(tmp_path.rglob("*"))
    large = events(np.arange(1, 1000), 100)
    with files_limited_to(4096), pytest.raises(OSError, match="File too large"):
        PartitionState(tmp_path, 0, 1).add(large)
    assert sorted(tmp_path.rglob("*")) == before

    PartitionState(tmp_path, 0, 1).add(large)
    assert transactions(PartitionState(tmp_path, 0, 2), 1) == [10, 100]


def test_the_seed_comes_first_and_is_everyones(tmp_path):
    write_events(tmp_path / BOOTSTRAP_FOLDER / "000000.arrow", events([1, 2], 1))
    PartitionState(tmp_path, 1, 0).add(events([2], 9))
    assert transactions(PartitionState(tmp_path, 1, 1), 2) == [2, 9]
    assert transactions(PartitionState(tmp_path, 0, 0), 1) == [1]


def test_many_small_runs_become_few_and_nothing_changes(tmp_path):
    batches, rng = FAN_OUT * FAN_OUT + 3, np.random.default_rng(1)
    expected: dict[int, list[int]] = {}
    for batch in range(batches):
        state = PartitionState(tmp_path, 0, batch)
        state.compact(NOW_MS)
        kept = events(rng.integers(1, 9, 5), batch * 5)
        state.add(kept)
        for row in kept:
            expected.setdefault(int(row["_key"]), []).append(int(row["_transaction"]))
    state = PartitionState(tmp_path, 0, batches)
    assert {c: transactions(state, c) for c in expected} == expected
    assert len(list((tmp_path / "0").glob("*.arrow"))) <= FAN_OUT


def test_the_largest_runs_are_left_alone(tmp_path):
    for batch in range(FAN_OUT + 1):
        PartitionState(tmp_path, 0, batch).add(events(np.ones(LEVEL_ROWS[-1], np.int64), batch))
    PartitionState(tmp_path, 0, FAN_OUT + 1).compact(NOW_MS)
    assert len(list((tmp_path / "0").glob("*.arrow"))) == FAN_OUT + 1


def test_a_crash_in_the_middle_of_a_merge_counts_no_event_twice(tmp_path, monkeypatch):
    for batch in range(FAN_OUT):
        PartitionState(tmp_path, 0, batch).add(events([1], batch))
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Path, "unlink", crash)
        PartitionState(tmp_path, 0, FAN_OUT).compact(NOW_MS)
    assert len(list((tmp_path / "0").glob("*.arrow"))) == FAN_OUT + 1
    assert transactions(PartitionState(tmp_path, 0, FAN_OUT), 1) == list(range(FAN_OUT))


def test_events_that_no_window_reaches_go(tmp_path):
    PartitionState(tmp_path, 0, 0).add(events([1], 1, NOW_MS - REACH_MS - 1))
    PartitionState(tmp_path, 0, 1).add(events([1], 2, NOW_MS - REACH_MS))
    state = PartitionState(tmp_path, 0, 2)
    state.compact(NOW_MS)
    assert transactions(PartitionState(tmp_path, 0, 2), 1) == [2]


def test_a_seed_that_no_window_reaches_is_searched_no_longer_and_stays_for_partitions_that_are_behind(tmp_path):
    for age_ms in (REACH_MS, REACH_MS + 1):
        write_events(tmp_path / BOOTSTRAP_FOLDER / f"{age_ms}.arrow", events([1], age_ms, NOW_MS - age_ms))
    ahead, behind = PartitionState(tmp_path, 0, 5), PartitionState(tmp_path, 1, 5)
    ahead.compact(NOW_MS)
    behind.compact(NOW_MS - 1)
    assert transactions(ahead, 1) == [REACH_MS]
    assert transactions(behind, 1) == transactions(PartitionState(tmp_path, 0, 6), 1) == [REACH_MS, REACH_MS + 1]


def test_merging_leaves_them_out_too(tmp_path):
    for batch in range(FAN_OUT):
        mixed = events([1, 1], 2 * batch)
        mixed["_time_ms"][0] -= REACH_MS + DAY_MS
        PartitionState(tmp_path, 0, batch).add(mixed)
    PartitionState(tmp_path, 0, FAN_OUT).compact(NOW_MS)
    assert transactions(PartitionState(tmp_path, 0, FAN_OUT), 1) == list(range(1, 2 * FAN_OUT, 2))


@pytest.mark.parametrize("customers", [[], [7]])
def test_an_empty_state_has_nothing_for_anyone(tmp_path, customers):
    assert len(PartitionState(tmp_path, 0, 0).history(np.array(customers, np.int64))) == 0


@settings(max_examples=60, deadline=None)
@given(st.lists(event, min_size=1, max_size=60), st.lists(st.integers(1, 8), max_size=30), st.sets(st.integers(0, 29)))
def test_features_over_the_state_are_those_of_one_go_whatever_the_cut_and_the_crashes(rows, sizes, crashes):
    """Customers' events in batches, some of them run twice, with the runs merged as soon as there are two."""
    whole = build(rows)
    expected = KERNEL.features(LAYOUT.empty, whole)
    bounds = np.unique(np.clip(np.cumsum([0, *sizes]), 0, len(whole)))
    values = []
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr("streaming.state.lsm_store.FAN_OUT", 2)
        for batch, (start, stop) in enumerate(pairwise([*bounds, len(whole)])):
            for _ in range(1 + (batch in crashes)):
                part = whole[start:stop]
                state = PartitionState(Path(folder), 0, batch)
                state.compact(int(whole["_time_ms"][start:].min(initial=NOW_MS)))
                result = KERNEL.features(state.history(np.unique(part["_key"])), part)
                state.add(result.kept)
            values.append(result.values)
    np.testing.assert_array_equal(np.concatenate(values), expected.values)
