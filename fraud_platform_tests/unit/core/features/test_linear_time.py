"""Customers made to be slow: clocks that lie, repeats that hang on one another. Twice the rows take twice the time."""

import time
from collections.abc import Callable

import numpy as np
import pytest

from fraud_platform.core.features.clock import ROUNDS, clocks_and_duplicates
from fraud_platform.core.features.entity_events import entity_events_of
from fraud_platform.core.features.event_layout import EventArray
from fraud_platform.core.features.velocity import velocities_among
from fraud_platform.core.time import DAY_MS
from fraud_platform_tests.support.event_rows import START_MS
from fraud_platform_tests.support.reference_kernel import reference_features
from fraud_platform_tests.support.reference_velocity import loops
from fraud_platform_tests.support.simulated_world import KERNEL, LAYOUT, PLAN

MINUTE_MS, HISTORY_MS = 60_000, 30 * DAY_MS
SMALL, LARGE = 4_000, 32_000


def of_one_customer(times_ms: np.ndarray, transactions: np.ndarray, arrivals_ms: np.ndarray) -> EventArray:
    events = np.zeros(len(times_ms), LAYOUT.dtype)
    events["_key"] = events["merchant_id"] = events["device_id"] = 1
    events["_transaction"] = transactions + 1
    events["_time_ms"], events["_arrival_ms"] = START_MS + times_ms, START_MS + arrivals_ms
    events["amount"] = 100
    events["latitude"] = events["longitude"] = np.nan
    return events


def one_ahead(n: int) -> EventArray:
    """A message dated 57 minutes ahead, and then those of now."""
    times_ms = np.arange(n) * 7
    arrivals_ms = times_ms + np.where(np.arange(n) == 0, 57 * MINUTE_MS, 0)
    return of_one_customer(arrivals_ms, np.arange(n), arrivals_ms)


def ever_further_back(n: int) -> EventArray:
    """Each message dated before the last one."""
    times_ms = (n - np.arange(n)) * 11
    return of_one_customer(times_ms, np.arange(n), times_ms)


def saw(n: int) -> EventArray:
    """Clocks that jump ahead again and again."""
    times_ms = np.arange(n) * 3 + np.where(np.arange(n) % 5 == 0, 50 * MINUTE_MS, 0)
    return of_one_customer(times_ms, np.arange(n), times_ms)


def chain(n: int) -> EventArray:
    """Repeats about a history window apart: whether one is a duplicate hangs on whether the one before is."""
    links = np.arange(n // 3)
    anchors, again = 2 * links, np.stack((0 * links, HISTORY_MS + 2 * (links + 1)), axis=1).reshape(-1)
    times_ms = np.concatenate((anchors, again))
    return of_one_customer(times_ms, np.concatenate((links, np.repeat(links, 2))), times_ms)


def all_the_same(n: int) -> EventArray:
    """One id again and again, a window apart each time."""
    times_ms = np.arange(n) * HISTORY_MS // 8
    return of_one_customer(times_ms, np.zeros(n, np.int64), times_ms)


MADE: dict[str, Callable[[int], EventArray]] = {
    made.__name__: made for made in (one_ahead, ever_further_back, saw, chain, all_the_same)
}


@pytest.mark.parametrize("made", MADE)
def test_values_are_those_of_the_loops(made):
    events = MADE[made](120)
    result = KERNEL.features(LAYOUT.empty, events)
    values, duplicate = reference_features(events)
    np.testing.assert_array_equal(result.duplicate, duplicate)
    np.testing.assert_array_equal(result.values, values)
    arrangement = KERNEL.arrange(LAYOUT.empty, events)
    np.testing.assert_array_equal(velocities_among(PLAN, entity_events_of(PLAN, arrangement)), loops(events))


def test_the_chain_is_longer_than_the_rounds_that_are_made_for_it():
    """So the values above are those of rows taken one by one."""
    events = chain(120)
    clock, duplicate = clocks_and_duplicates(
        np.zeros(len(events), np.int64),
        events["_time_ms"],
        events["_transaction"],
        np.ones(len(events), bool),
        HISTORY_MS,
    )
    assert len(events) // 3 > 2 * ROUNDS
    assert 0 < duplicate.sum() < len(events)
    assert (np.diff(clock) >= 0).all()


@pytest.mark.parametrize("made", MADE)
def test_eight_times_the_rows_take_about_eight_times_as_long(made):
    """In quadratic time they would take 64 times as long."""

    def seconds(events: EventArray) -> float:
        started = time.process_time()
        arrangement = KERNEL.arrange(LAYOUT.empty, events)
        entity_events_of(PLAN, arrangement)
        return time.process_time() - started

    small, large = MADE[made](SMALL), MADE[made](LARGE)
    fastest = [min(seconds(events) for _ in range(7)) for events in (small, large)]
    assert fastest[1] < 24 * fastest[0]
