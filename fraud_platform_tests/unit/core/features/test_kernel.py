"""The kernel against the reference loops, whatever the order, ties, gaps and cuts into batches."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fraud_platform.core.features.events import EVENT, NO_EVENTS, events_from_columns
from fraud_platform.core.features.kernel import customer_features
from fraud_platform.core.features.table import CUSTOMER_FEATURES, FEATURE_NAMES
from fraud_platform.core.time import DAY_MS
from fraud_platform_tests.support.event_rows import START_MS, build, event
from fraud_platform_tests.support.reference_kernel import reference_features

NAMES = [f.name for f in CUSTOMER_FEATURES]
TRAVEL = [NAMES.index(name) for name in ("distance_km", "speed_kmh")]


def run_in_batches(events: np.ndarray, sizes: list[int]) -> tuple[np.ndarray, np.ndarray]:
    history, values, duplicate = NO_EVENTS, [], []
    bounds = np.unique(np.clip(np.cumsum([0, *sizes]), 0, len(events)))
    for start, stop in zip(bounds, [*bounds[1:], len(events)], strict=True):
        result = customer_features(history, events[start:stop])
        history = np.concatenate((history, result.kept))
        values.append(result.values)
        duplicate.append(result.duplicate)
    return np.concatenate(values), np.concatenate(duplicate)


@settings(max_examples=300, deadline=None)
@given(st.lists(event, min_size=1, max_size=60), st.lists(st.integers(1, 20), max_size=12))
def test_values_do_not_depend_on_the_cut_into_batches(rows, sizes):
    events = build(rows)
    whole = customer_features(NO_EVENTS, events)
    values, duplicate = run_in_batches(events, sizes)
    np.testing.assert_array_equal(duplicate, whole.duplicate)
    np.testing.assert_array_equal(values, whole.values)


@settings(max_examples=300, deadline=None)
@given(st.lists(event, min_size=1, max_size=60))
def test_values_equal_the_reference_loops(rows):
    events = build(rows)
    result = customer_features(NO_EVENTS, events)
    values, duplicate = reference_features(events)
    np.testing.assert_array_equal(result.duplicate, duplicate)
    exact = [i for i in range(len(NAMES)) if i not in TRAVEL]
    np.testing.assert_array_equal(result.values[:, exact], values[:, exact])
    # numpy's vector and scalar sine may differ in the last bit
    np.testing.assert_allclose(result.values[:, TRAVEL], values[:, TRAVEL], rtol=1e-9, atol=1e-6)


def test_a_customer_with_100_000_rows_is_cut_invariant():
    rng = np.random.default_rng(5)
    events = np.zeros(100_000, EVENT)
    events["customer"], events["transaction"] = 1, np.arange(1, 100_001)
    events["time_ms"] = START_MS + np.sort(rng.integers(0, 40 * DAY_MS, len(events))) - rng.integers(0, 60_000, 100_000)
    events["merchant"], events["country"] = rng.integers(1, 500, 100_000), rng.integers(0, 40, 100_000)
    events["amount_cents"] = rng.integers(0, 10**9, 100_000)
    whole = customer_features(NO_EVENTS, events)
    values, _ = run_in_batches(events, [1, 70_000, 1, 5_000])
    np.testing.assert_array_equal(values, whole.values)
    assert whole.values[-1, NAMES.index("count_30d")] > 70_000


def test_customers_do_not_see_each_other():
    rng = np.random.default_rng(3)
    events = build([(1, i, 1, 1, 60_000, 0, int(rng.integers(1, 999)), 48.0, 2.0, 1, 1) for i in range(1, 50)])
    others = events.copy()
    others["customer"] = 2
    both = np.stack((events, others), axis=1).reshape(-1)
    np.testing.assert_array_equal(
        customer_features(NO_EVENTS, both).values[::2], customer_features(NO_EVENTS, events).values
    )


def test_older_history_and_other_customers_change_nothing():
    """What a state may leave out, or hold for longer."""
    rng = np.random.default_rng(8)
    events = build(
        [(c, 9 * i + c, 1, 1, DAY_MS, 0, int(rng.integers(1, 999)), 48.0, 2.0, 1, 1) for i in range(40) for c in (1, 2)]
    )
    history, new = customer_features(NO_EVENTS, events[:-4]).kept, events[-2:]
    own = history[np.isin(history["customer"], new["customer"])]
    recent = own[own["time_ms"] > new["time_ms"].min() - 30 * DAY_MS]
    assert len(recent) < len(own)
    np.testing.assert_array_equal(customer_features(history, new).values, customer_features(recent, new).values)


def test_kept_rows_carry_the_clock_and_no_duplicate():
    events = build([(2, 1, 1, 1, 0, 0, 1, 1.0, 1.0, 1, 1), (1, 2, 1, 1, 9, 0, 1, 1.0, 1.0, 1, 1)] * 2)
    events["time_ms"][3] -= 5
    events["transaction"][3] = 3
    kept = customer_features(NO_EVENTS, events).kept
    assert kept["customer"].tolist() == [1, 1, 2]
    assert kept["transaction"].tolist() == [2, 3, 1]
    assert kept["time_ms"][1] == max(events["time_ms"][[1, 3]])


def test_missing_optional_fields_read_as_unknown():
    events = events_from_columns(
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
    row = dict(zip(NAMES, customer_features(NO_EVENTS, events).values[0], strict=True))
    assert row["amount"] == 12.34
    assert [row[f"is_new_{entity}"] for entity in ("merchant", "country", "device", "channel")] == [1, 0, 0, 0]
    assert (row["distance_km"], row["countries_1d"], row["merchants_1d"]) == (-1, 0, 1)


@pytest.mark.parametrize("name", FEATURE_NAMES)
def test_every_feature_is_declared_once(name):
    assert FEATURE_NAMES.count(name) == 1


@settings(max_examples=100, deadline=None)
@given(st.lists(event, min_size=1, max_size=40))
def test_values_are_finite(rows):
    assert np.isfinite(customer_features(NO_EVENTS, build(rows)).values).all()
