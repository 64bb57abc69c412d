"""The kernel against the reference loops, whatever the order, ties, gaps and cuts into batches."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fraud_platform.core.time import DAY_MS
from fraud_platform_tests.support.event_rows import START_MS, build, event
from fraud_platform_tests.support.reference_kernel import reference_features
from fraud_platform_tests.support.simulated_world import CUSTOMER_FEATURES, FEATURE_NAMES, KERNEL, LAYOUT

NAMES = [f.name for f in CUSTOMER_FEATURES]
TRAVEL = [NAMES.index(name) for name in ("distance_km", "speed_kmh")]


def run_in_batches(events: np.ndarray, sizes: list[int]) -> tuple[np.ndarray, np.ndarray]:
    history, values, duplicate = LAYOUT.empty, [], []
    bounds = np.unique(np.clip(np.cumsum([0, *sizes]), 0, len(events)))
    for start, stop in zip(bounds, [*bounds[1:], len(events)], strict=True):
        result = KERNEL.features(history, events[start:stop])
        history = np.concatenate((history, result.kept))
        values.append(result.values)
        duplicate.append(result.duplicate)
    return np.concatenate(values), np.concatenate(duplicate)


@settings(max_examples=300, deadline=None)
@given(st.lists(event, min_size=1, max_size=60), st.lists(st.integers(1, 20), max_size=12))
def test_values_do_not_depend_on_the_cut_into_batches(rows, sizes):
    events = build(rows)
    whole = KERNEL.features(LAYOUT.empty, events)
    values, duplicate = run_in_batches(events, sizes)
    np.testing.assert_array_equal(duplicate, whole.duplicate)
    np.testing.assert_array_equal(values, whole.values)


@settings(max_examples=300, deadline=None)
@given(st.lists(event, min_size=1, max_size=60))
def test_values_equal_the_reference_loops(rows):
    events = build(rows)
    result = KERNEL.features(LAYOUT.empty, events)
    values, duplicate = reference_features(events)
    np.testing.assert_array_equal(result.duplicate, duplicate)
    exact = [i for i in range(len(NAMES)) if i not in TRAVEL]
    np.testing.assert_array_equal(result.values[:, exact], values[:, exact])
    # numpy's vector and scalar sine may differ in the last bit
    np.testing.assert_allclose(result.values[:, TRAVEL], values[:, TRAVEL], rtol=1e-9, atol=1e-6)


def test_a_customer_with_100_000_rows_is_cut_invariant():
    rng = np.random.default_rng(5)
    events = np.zeros(100_000, LAYOUT.dtype)
    events["_key"], events["_transaction"] = 1, np.arange(1, 100_001)
    sorted_ms, late_ms = np.sort(rng.integers(0, 40 * DAY_MS, len(events))), rng.integers(0, 60_000, len(events))
    events["_time_ms"] = START_MS + sorted_ms - late_ms
    events["merchant_id"], events["country"] = rng.integers(1, 500, 100_000), rng.integers(0, 40, 100_000)
    events["amount"] = rng.integers(0, 10**9, 100_000)
    whole = KERNEL.features(LAYOUT.empty, events)
    values, _ = run_in_batches(events, [1, 70_000, 1, 5_000])
    np.testing.assert_array_equal(values, whole.values)
    assert whole.values[-1, NAMES.index("count_30d")] > 70_000


def test_customers_do_not_see_each_other():
    rng = np.random.default_rng(3)
    events = build([(1, i, 1, 1, 60_000, 0, int(rng.integers(1, 999)), 48.0, 2.0, 1, 1) for i in range(1, 50)])
    others = events.copy()
    others["_key"] = 2
    both = np.stack((events, others), axis=1).reshape(-1)
    np.testing.assert_array_equal(
        KERNEL.features(LAYOUT.empty, both).values[::2], KERNEL.features(LAYOUT.empty, events).values
    )


def test_older_history_and_other_customers_change_nothing():
    """What a state may leave out, or hold for longer."""
    rng = np.random.default_rng(8)
    events = build(
        [(c, 9 * i + c, 1, 1, DAY_MS, 0, int(rng.integers(1, 999)), 48.0, 2.0, 1, 1) for i in range(40) for c in (1, 2)]
    )
    history, new = KERNEL.features(LAYOUT.empty, events[:-4]).kept, events[-2:]
    own = history[np.isin(history["_key"], new["_key"])]
    recent = own[own["_time_ms"] > new["_time_ms"].min() - 30 * DAY_MS]
    assert len(recent) < len(own)
    np.testing.assert_array_equal(KERNEL.features(history, new).values, KERNEL.features(recent, new).values)


def test_kept_rows_carry_the_clock_and_no_duplicate():
    events = build([(2, 1, 1, 1, 0, 0, 1, 1.0, 1.0, 1, 1), (1, 2, 1, 1, 9, 0, 1, 1.0, 1.0, 1, 1)] * 2)
    events["_time_ms"][3] -= 5
    events["_transaction"][3] = 3
    kept = KERNEL.features(LAYOUT.empty, events).kept
    assert kept["_key"].tolist() == [1, 1, 2]
    assert kept["_transaction"].tolist() == [2, 3, 1]
    assert kept["_time_ms"][1] == max(events["_time_ms"][[1, 3]])


def test_missing_optional_fields_read_as_unknown():
    events = LAYOUT.rows(
        {
            "customer_id": ["a"],
            "transaction_id": ["t"],
            "merchant_id": ["m"],
            "device_id": [None],
            "event_time_ms": [START_MS],
            "amount": [12.34],
            "latitude": [None],
            "longitude": [None],
            "country": [None],
            "channel": [None],
        },
        [START_MS],
    )
    row = dict(zip(NAMES, KERNEL.features(LAYOUT.empty, events).values[0], strict=True))
    assert row["amount"] == 12.34
    assert [row[f"is_new_{entity}"] for entity in ("merchant", "country", "device", "channel")] == [1, 0, 0, 0]
    assert (row["distance_km"], row["countries_1d"], row["merchants_1d"]) == (-1, 0, 1)


@pytest.mark.parametrize("name", FEATURE_NAMES)
def test_every_feature_is_declared_once(name):
    assert FEATURE_NAMES.count(name) == 1


@settings(max_examples=100, deadline=None)
@given(st.lists(event, min_size=1, max_size=40))
def test_values_are_finite(rows):
    assert np.isfinite(KERNEL.features(LAYOUT.empty, build(rows)).values).all()
