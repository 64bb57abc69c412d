"""Velocities against plain loops, whatever the ties, gaps, late events, repeats and cuts into batches."""

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from fraud_platform.core.features.entity_events import entity_events_of
from fraud_platform.core.features.velocity import index_of, merged
from fraud_platform.core.features.velocity_plan import SETTLE_MS
from fraud_platform.core.time import DAY_MS, HOUR_MS
from fraud_platform_tests.support.event_rows import START_MS, build
from fraud_platform_tests.support.reference_velocity import loops
from fraud_platform_tests.support.simulated_world import KERNEL, LAYOUT, PLAN
from fraud_platform_tests.support.velocity_at_once import velocities_at_once

# Edges of the windows with the minute that is left out, a millisecond to each side.
gaps_ms = st.builds(
    lambda whole, more: max(0, whole + more),
    st.sampled_from([0, 0, 1000, SETTLE_MS, HOUR_MS, HOUR_MS + SETTLE_MS, DAY_MS, DAY_MS + SETTLE_MS]),
    st.sampled_from([-1, 0, 0, 1]),
)
event = st.tuples(
    st.integers(1, 4),  # customer
    st.integers(1, 30),  # transaction
    st.integers(0, 2),  # merchant
    st.integers(0, 2),  # device
    gaps_ms,
    st.sampled_from([0, 0, 0, -1000, HOUR_MS, 3 * DAY_MS]),  # lateness; a clock that runs ahead
    st.sampled_from([0, 1, 500, 501, 9_999]),  # cents
    st.just(float("nan")),
    st.just(float("nan")),
    st.just(0),
    st.just(0),
)
rows_of = st.lists(event, min_size=1, max_size=40)
setbacks_ms = st.lists(st.sampled_from([0, 0, 0, 1, 70_000, HOUR_MS]), max_size=40)


@settings(max_examples=300, deadline=None)
@given(rows_of, setbacks_ms)
def test_values_equal_the_loops(rows, setbacks):
    events = build(rows)
    # Producers' clocks differ, so timestamps go back at times.
    events["_arrival_ms"][: len(setbacks)] -= np.array(setbacks, np.int64)[: len(events)]
    np.testing.assert_array_equal(velocities_at_once(events), loops(events))


@settings(max_examples=200, deadline=None)
@given(rows_of, st.lists(st.integers(1, 12), max_size=12), st.sets(st.integers(0, 11)))
def test_values_do_not_depend_on_the_cut_nor_on_merges_that_drop_the_past(rows, sizes, merges):
    events = build(rows)
    history, indices, streamed = LAYOUT.empty, [], []
    bounds = np.unique(np.clip(np.cumsum([0, *sizes]), 0, len(events)))
    for batch, (start, stop) in enumerate(pairwise([*bounds, len(events)])):
        arrangement = KERNEL.arrange(history, events[start:stop])
        history = np.concatenate((history, arrangement.kept))
        entity_events = entity_events_of(PLAN, arrangement)
        asked = entity_events.reshape(-1)
        if batch in merges and indices:
            oldest_asked_ms = np.minimum(events["_time_ms"], events["_arrival_ms"])[start:].min(initial=START_MS * 2)
            indices = [merged(indices, int(oldest_asked_ms) - PLAN.reach_ms)]
        indices.append(index_of(PLAN, asked))
        counts = sum(index.counts(PLAN, asked["entity"], asked["asked_ms"]) for index in indices)
        streamed.append(PLAN.values(counts.reshape(*entity_events.shape, *counts.shape[1:])))
    np.testing.assert_array_equal(np.concatenate(streamed), velocities_at_once(events))


def test_how_customers_interleave_changes_nothing():
    """Partitions are read in any order: a customer's own order is all that is fixed."""
    rng = np.random.default_rng(3)
    rows = [(c, t, 1 + t % 3, t % 2, 30_000, 0, 100, np.nan, np.nan, 0, 0) for t, c in enumerate([1, 2, 3, 4] * 25, 1)]
    events = build(rows)
    expected = velocities_at_once(events)
    for _ in range(5):
        order = np.argsort(rng.permutation(5)[events["_key"]], kind="stable")
        np.testing.assert_array_equal(velocities_at_once(events[order]), expected[order])


def test_a_merchant_and_a_device_of_the_same_hash_are_two():
    events = build([(c, c, 7, 0, DAY_MS // 24, 0, 900, np.nan, np.nan, 0, 0) for c in (1, 2)])
    events["device_id"][1], events["merchant_id"][1] = 7, 8
    assert not velocities_at_once(events).any()
