"""Settled windows against plain loops, whatever the order, ties, gaps and unknown entities; sorting by radix."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.settled import Moments, settled_sums, stable_order
from fraud_platform.core.time import DAY_MS

START_MS = 1_709_164_800_000
LAG_MS = 7 * DAY_MS
WINDOWS_MS = (DAY_MS, 7 * DAY_MS, 30 * DAY_MS)
HASHES = (0, 1, -(2**62) - 5, 2**62 + 9)
"""Entities; 0 is unknown."""

# Edges of the windows, a millisecond to each side, and years without a row.
times_ms = st.builds(
    lambda days, more: START_MS + days * DAY_MS + more,
    st.sampled_from([0, 1, 2, 7, 8, 14, 30, 37, 38, 1000]),
    st.sampled_from([-1, 0, 0, 1]),
)
moments = st.tuples(st.sampled_from(HASHES), times_ms)
rows_of = st.lists(st.tuples(moments, st.integers(-5, 10**11)), max_size=40)
queries_of = st.lists(moments, max_size=20)
lags_ms = st.sampled_from([0, 1, LAG_MS])


def as_moments(pairs: list[tuple[int, int]]) -> Moments:
    columns = np.array(pairs, np.int64).reshape(-1, 2)
    return Moments(columns[:, 0], columns[:, 1])


def columns_of(rows: list) -> tuple[Moments, np.ndarray]:
    return as_moments([row[0] for row in rows]), np.array([row[1] for row in rows], np.int64)


def in_window(rows: list, query: tuple[int, int], lag_ms: int, window_ms: int) -> list:
    """Plain reading of the definition."""
    entity, t = query
    inside = [row for row in rows if row[0][0] == entity and t - lag_ms - window_ms < row[0][1] <= t - lag_ms]
    return inside if entity != 0 else []


@settings(max_examples=300, deadline=None)
@given(rows_of, queries_of, lags_ms)
def test_counts_and_sums_equal_the_loops(rows, queries, lag_ms):
    moments, weights = columns_of(rows)
    result = settled_sums(moments, (weights, weights > 0), as_moments(queries), lag_ms, WINDOWS_MS)
    assert result.shape == (len(WINDOWS_MS), 3, len(queries))
    for i, window_ms in enumerate(WINDOWS_MS):
        for j, query in enumerate(queries):
            inside = [row[1] for row in in_window(rows, query, lag_ms, window_ms)]
            assert result[i, :, j].tolist() == [len(inside), sum(inside), sum(weight > 0 for weight in inside)]


@settings(max_examples=100, deadline=None)
@given(rows_of, lags_ms)
def test_rows_may_be_their_own_queries(rows, lag_ms):
    moments, weights = columns_of(rows)
    copy = Moments(*(column.copy() for column in moments))
    own, others = (settled_sums(moments, (weights,), queries, lag_ms, WINDOWS_MS) for queries in (moments, copy))
    np.testing.assert_array_equal(own, others)


@settings(max_examples=100, deadline=None)
@given(rows_of, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_changes_nothing(rows, random):
    shuffled = random.sample(rows, len(rows))
    queries = as_moments([row[0] for row in rows])
    results = []
    for each in (rows, shuffled):
        moments, weights = columns_of(each)
        results.append(settled_sums(moments, (weights,), queries, LAG_MS, WINDOWS_MS))
    np.testing.assert_array_equal(*results)


@pytest.mark.parametrize(
    ("rows", "queries"),
    [([], []), ([], [(1, START_MS)]), ([(1, START_MS)], []), ([(0, START_MS)], [(0, START_MS + LAG_MS)])],
    ids=["nothing", "no rows", "no queries", "unknown entity"],
)
def test_where_nothing_is_known_all_is_zero(rows, queries):
    moments, asked = as_moments(rows), as_moments(queries)
    assert not settled_sums(moments, (moments.time_ms,), asked, LAG_MS, WINDOWS_MS).any()


def test_a_row_counts_from_the_lag_on_until_it_leaves_the_window():
    rows = as_moments([(1, START_MS)])
    ages_ms = [LAG_MS - 1, LAG_MS, LAG_MS + DAY_MS - 1, LAG_MS + DAY_MS]
    queries = as_moments([(1, START_MS + age) for age in ages_ms])
    assert settled_sums(rows, (), queries, LAG_MS, (DAY_MS,))[0, 0].tolist() == [0, 1, 1, 0]


def test_sums_beyond_64_bits_of_all_rows_are_exact_in_a_window():
    """The running sum may wrap around; a difference of two of its values does not mind."""
    rows = as_moments([(1, START_MS + day * DAY_MS) for day in range(100)])
    weights = np.full(100, 2**61, np.int64)
    queries = as_moments([(1, START_MS + 99 * DAY_MS)])
    assert settled_sums(rows, (weights,), queries, 0, (3 * DAY_MS,))[0, 1].tolist() == [3 * 2**61]


def test_times_too_far_apart_are_an_error():
    rows = as_moments([(entity, entity * 2**60) for entity in range(-4, 4)])
    with pytest.raises(OverflowError, match="7 entities"):
        settled_sums(rows, (), rows, LAG_MS, WINDOWS_MS)


@pytest.mark.parametrize("largest", [1, 2**16 - 1, 2**16, 2**32 - 1])
def test_a_stable_order_is_that_of_a_stable_sort(largest):
    codes = np.random.default_rng(largest).integers(0, largest, 3_000, endpoint=True)
    codes = np.concatenate((codes, [largest, 0], codes[::7]))
    assert np.array_equal(stable_order(codes), np.argsort(codes, kind="stable"))


def test_no_codes_have_an_empty_order():
    assert stable_order(np.empty(0, np.int64)).tolist() == []
