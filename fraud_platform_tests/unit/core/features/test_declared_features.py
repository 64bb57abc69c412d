"""All features of a declaration at once, against those of the simulated world that the assets compute."""

import numpy as np
import pandas as pd

from fraud_platform.core.declaration.reading import read_declaration
from fraud_platform.core.features.declared_features import declared_features
from fraud_platform.core.features.matured import as_of_each_day
from fraud_platform.core.features.matured_grids import MaturedTransactions
from fraud_platform.core.time import DAY_MS
from fraud_platform.shipped_declarations import shipped_declaration
from fraud_platform_tests.support.handbook_transactions import transactions
from fraud_platform_tests.support.simulated_world import DECLARATION, FEATURE_NAMES, KERNEL, LAYOUT, MATURED
from fraud_platform_tests.support.velocity_at_once import velocities_at_once


def test_they_are_those_that_the_assets_compute_one_kind_after_the_other():
    frame = transactions().sort_values(["event_time_ms", "transaction_id"], ignore_index=True)
    labels, times_ms = frame["is_fraud"].to_numpy(bool), frame["event_time_ms"].to_numpy()
    features, duplicate = declared_features(DECLARATION, frame, labels, 7)
    events = LAYOUT.rows(frame, times_ms)
    codes, day = pd.factorize(frame["merchant_id"])[0].astype(np.int64), times_ms // DAY_MS
    matured = MaturedTransactions(codes, np.arange(len(frame)), day, {"amount": events["amount"].copy()})
    of_merchants = as_of_each_day(DECLARATION.world, MATURED, matured, times_ms, labels, 7)
    expected = (KERNEL.features(LAYOUT.empty, events).values, of_merchants, velocities_at_once(events))
    np.testing.assert_array_equal(features, np.hstack(expected))
    assert not duplicate.any() and features[:, FEATURE_NAMES.index("merchant_velocity_1d")].any()


def test_a_row_that_comes_twice_is_a_duplicate():
    frame = transactions().iloc[[0, 0, 1]].reset_index(drop=True)
    features, duplicate = declared_features(DECLARATION, frame, np.zeros(3, bool), 7)
    assert duplicate.tolist() == [False, True, False] and not features[1].any()


def test_what_labels_tell_may_be_of_the_transactions_of_one_key():
    frame = transactions().sort_values(["event_time_ms", "transaction_id"], ignore_index=True)
    customer = frame["customer_id"][0]
    line = f"{{matured_count: {{}}, per: merchant_id, over: 30d, where: {{field: customer_id, equals: {customer}}}}}"
    text = shipped_declaration("simulated").decode()
    text = text[: text.index("features:")] + f"features: [{line}]\n"
    features, _ = declared_features(read_declaration(text, "one.yaml"), frame, frame["is_fraud"].to_numpy(bool), 7)
    day = frame["event_time_ms"] // DAY_MS
    last = len(frame) - 1
    matured = (day >= day[last] - 37) & (day < day[last] - 7) & (frame["customer_id"] == customer)
    assert features[last, 0] == (matured & (frame["merchant_id"] == frame["merchant_id"][last])).sum()
    assert features[:, 0].max() > 0
