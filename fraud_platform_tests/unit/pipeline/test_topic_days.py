"""A message's day follows from its place among the offsets at the midnights, empty days included."""

from datetime import date

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fraud_platform.pipeline.topic_days import TopicDays

FIRST = date(2026, 1, 1)
FIRST_NUMBER = (FIRST - date(1970, 1, 1)).days


@given(st.lists(st.sampled_from([0, 0, 1, 2, 5]), min_size=1, max_size=8), st.integers(0, 9))
def test_each_offset_belongs_to_the_one_day_whose_range_holds_it(messages_per_day, start):
    bounds = start + np.cumsum([0, *messages_per_day])
    days = TopicDays("t", FIRST, {3: bounds})
    offsets = np.arange(bounds[0], bounds[-1])
    expected = np.repeat(np.arange(len(messages_per_day)), messages_per_day) + FIRST_NUMBER
    np.testing.assert_array_equal(days.day_numbers(np.full(len(offsets), 3, np.int32), offsets), expected)


def test_partitions_have_bounds_of_their_own():
    days = TopicDays("t", FIRST, {0: np.array([0, 2, 4]), 1: np.array([0, 4, 4])})
    numbers = days.day_numbers(np.array([0, 1, 0, 1], np.int32), np.array([1, 3, 2, 0]))
    assert (numbers - FIRST_NUMBER).tolist() == [0, 0, 1, 0]
    assert days.offsets == {0: (0, 4), 1: (0, 4)}
    assert days.last == date(2026, 1, 2)
