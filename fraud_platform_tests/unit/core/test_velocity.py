"""Velocities against plain loops, whatever the ties, gaps, late events, repeats and cuts into batches."""

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from fraud_platform.core.features.customer.amounts import SMALL_AMOUNT
from fraud_platform.core.features.declaration import WINDOWS_MS
from fraud_platform.core.features.events import NO_EVENTS
from fraud_platform.core.features.kernel import arrange
from fraud_platform.core.features.velocity import (
    REACH_MS,
    SETTLE_MS,
    VELOCITY_FEATURES,
    VELOCITY_WINDOWS,
    index_of,
    merged,
    velocities,
)
from fraud_platform.core.features.visits import ENTITIES, customer_visits
from fraud_platform.core.time import DAY_MS, HOUR_MS
from fraud_platform_tests.one_go import velocities_in_one_go
from fraud_platform_tests.unit.core.test_kernel import START_MS, build

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


def loops(events: np.ndarray) -> np.ndarray:
    """VELOCITY_FEATURES of EVENT rows in arrival order: a plain reading of the definition."""
    duplicate = arrange(NO_EVENTS, events).duplicate
    values = np.zeros((len(events), len(VELOCITY_FEATURES)))
    for column, entity in enumerate(ENTITIES):
        arrivals = [arrival_at(events, duplicate, entity, i) for i in range(len(events))]
        for i, asking in enumerate(events):
            if duplicate[i] or asking[entity] == 0:
                continue
            end = min(asking["time_ms"], asking["arrival_ms"]) - SETTLE_MS
            row = []
            for window in VELOCITY_WINDOWS:
                inside = [
                    e
                    for j, e in enumerate(events)
                    if not duplicate[j]
                    and e[entity] == asking[entity]
                    and end - WINDOWS_MS[window] < arrivals[j] <= end
                ]
                small = sum(int(e["amount_cents"]) <= SMALL_AMOUNT * 100 for e in inside)
                row += [len(inside), len({int(e["customer"]) for e in inside}), small / max(len(inside), 1)]
            values[i, column * len(row) : (column + 1) * len(row)] = row
    return values


def arrival_at(events: np.ndarray, duplicate: np.ndarray, entity: str, i: int) -> int:
    """Arrival of an event at its merchant or device: never before the customer's earlier ones there."""
    same = (events["customer"] == events["customer"][i]) & (events[entity] == events[entity][i]) & ~duplicate
    return max([int(events["arrival_ms"][i]), *events["arrival_ms"][: i + 1][same[: i + 1]].tolist()])


@settings(max_examples=300, deadline=None)
@given(rows_of, setbacks_ms)
def test_values_equal_the_loops(rows, setbacks):
    events = build(rows)
    # Producers' clocks differ, so timestamps go back at times.
    events["arrival_ms"][: len(setbacks)] -= np.array(setbacks, np.int64)[: len(events)]
    np.testing.assert_array_equal(velocities_in_one_go(events), loops(events))


@settings(max_examples=200, deadline=None)
@given(rows_of, st.lists(st.integers(1, 12), max_size=12), st.sets(st.integers(0, 11)))
def test_values_do_not_depend_on_the_cut_nor_on_merges_that_drop_the_past(rows, sizes, merges):
    events = build(rows)
    history, indices, streamed = NO_EVENTS, [], []
    bounds = np.unique(np.clip(np.cumsum([0, *sizes]), 0, len(events)))
    for batch, (start, stop) in enumerate(pairwise([*bounds, len(events)])):
        arrangement = arrange(history, events[start:stop])
        history = np.concatenate((history, arrangement.kept))
        visits = customer_visits(arrangement)
        asked = visits.reshape(-1)
        if batch in merges and indices:
            oldest_asked_ms = np.minimum(events["time_ms"], events["arrival_ms"])[start:].min(initial=START_MS * 2)
            indices = [merged(indices, int(oldest_asked_ms) - REACH_MS)]
        indices.append(index_of(asked))
        counts = sum(index.counts(asked["entity"], asked["asked_ms"]) for index in indices)
        streamed.append(velocities(counts.reshape(*visits.shape, *counts.shape[1:])))
    np.testing.assert_array_equal(np.concatenate(streamed), velocities_in_one_go(events))


def test_how_customers_interleave_changes_nothing():
    """Partitions are read in any order: a customer's own order is all that is fixed."""
    rng = np.random.default_rng(3)
    rows = [(c, t, 1 + t % 3, t % 2, 30_000, 0, 100, np.nan, np.nan, 0, 0) for t, c in enumerate([1, 2, 3, 4] * 25, 1)]
    events = build(rows)
    expected = velocities_in_one_go(events)
    for _ in range(5):
        order = np.argsort(rng.permutation(5)[events["customer"]], kind="stable")
        np.testing.assert_array_equal(velocities_in_one_go(events[order]), expected[order])


def test_a_merchant_and_a_device_of_the_same_hash_are_two():
    events = build([(c, c, 7, 0, DAY_MS // 24, 0, 900, np.nan, np.nan, 0, 0) for c in (1, 2)])
    events["device"][1], events["merchant"][1] = 7, 8
    assert not velocities_in_one_go(events).any()
