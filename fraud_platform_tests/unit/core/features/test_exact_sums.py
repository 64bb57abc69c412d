"""Sums of integers and of their squares, against Python's own integers, which have no end."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fraud_platform.core.features.exact_sums import RunningSquares, RunningSum

LARGEST = 10**18
terms_of = st.lists(st.integers(-LARGEST, LARGEST), min_size=1, max_size=50)


@settings(max_examples=200, deadline=None)
@given(terms_of, st.data())
def test_a_sum_is_the_double_nearest_to_the_exact_one(terms, data):
    first = data.draw(st.integers(0, len(terms)))
    end = data.draw(st.integers(first, len(terms)))
    found = RunningSum(np.array(terms), LARGEST).between(np.array([first]), np.array([end]))
    assert found.tolist() == [float(sum(terms[first:end]))]


@settings(max_examples=200, deadline=None)
@given(terms_of, st.data())
def test_a_sum_of_squares_is_exact_to_the_last_places(terms, data):
    first = data.draw(st.integers(0, len(terms)))
    end = data.draw(st.integers(first, len(terms)))
    found = RunningSquares(np.array(terms), LARGEST).between(np.array([first]), np.array([end]))
    assert found[0] == pytest.approx(float(sum(term * term for term in terms[first:end])), rel=1e-14)


@pytest.mark.parametrize("largest", [10**9, LARGEST])
def test_small_terms_give_the_same_whichever_bound_is_declared(largest):
    terms = np.array([3, -4, 10**9, 0, 7])
    first, end = np.array([0, 1, 2, 5]), np.array([5, 3, 2, 5])
    assert RunningSum(terms, largest).between(first, end).tolist() == [10**9 + 6, 10**9 - 4, 0, 0]
    assert RunningSquares(terms, largest).between(first, end).tolist() == [float(10**18 + 74), float(10**18 + 16), 0, 0]


def test_what_stands_before_a_range_changes_nothing():
    rng = np.random.default_rng(4)
    terms = rng.integers(-LARGEST, LARGEST, 1000)
    first, end = np.array([500, 700]), np.array([1000, 900])
    for kind in (RunningSum, RunningSquares):
        whole, rest = kind(terms, LARGEST), kind(terms[500:], LARGEST)
        assert whole.between(first, end).tolist() == rest.between(first - 500, end - 500).tolist()
