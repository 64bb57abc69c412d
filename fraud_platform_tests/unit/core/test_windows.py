"""Primitives of the kernel: neighbours with equal values, also where hashes collide, and sorting by radix."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fraud_platform.core.features import windows

PAIRS = st.lists(st.tuples(st.integers(-3, 3), st.integers(0, 4)), max_size=60)


def plainly(pairs: list[tuple[int, int]]) -> tuple[list[int], list[int]]:
    n = len(pairs)
    previous = [max((j for j in range(i) if pairs[j] == pairs[i]), default=-1) for i in range(n)]
    following = [min((j for j in range(i + 1, n) if pairs[j] == pairs[i]), default=n) for i in range(n)]
    return previous, following


def vectorised(pairs: list[tuple[int, int]]) -> tuple[list[int], list[int]]:
    groups = np.array(pairs, np.int64).reshape(-1, 2).T
    previous, following = windows.previous_and_next((groups[0], groups[1]))
    return previous.tolist(), following.tolist()


@given(PAIRS)
def test_neighbours_are_those_of_a_plain_loop(pairs):
    assert vectorised(pairs) == plainly(pairs)


@settings(max_examples=20)
@given(PAIRS)
def test_groups_whose_hashes_are_equal_are_told_apart(pairs):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(windows, "_ODD", np.uint64(0))
        assert vectorised(pairs) == plainly(pairs)


@pytest.mark.parametrize("largest", [1, 2**16 - 1, 2**16, 2**32 - 1])
def test_a_stable_order_is_that_of_a_stable_sort(largest):
    codes = np.random.default_rng(largest).integers(0, largest, 3_000, endpoint=True)
    codes = np.concatenate((codes, [largest, 0], codes[::7]))
    assert np.array_equal(windows.stable_order(codes), np.argsort(codes, kind="stable"))


def test_no_codes_have_an_empty_order():
    assert windows.stable_order(np.empty(0, np.int64)).tolist() == []
