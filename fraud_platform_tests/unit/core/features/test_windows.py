"""Primitives of the kernel: neighbours with equal values, also where hashes collide."""

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
        patch.setattr(windows, "GOLDEN_RATIO", np.uint64(0))
        assert vectorised(pairs) == plainly(pairs)
