"""What labels tell of merchants, against plain loops, with repeats, reversals and reports that arrive out of order."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from fraud_platform.core.features.fraud_status import NEVER, FraudReports
from fraud_platform.core.features.matured import matured_features
from fraud_platform.core.features.matured_grids import MaturedTransactions, repeat_days
from fraud_platform_tests.support.simulated_world import FEATURE_SET, MATURED, MERCHANT_FEATURES

NAMES = [feature.name for feature in MERCHANT_FEATURES]
REPEAT_DAYS = repeat_days(FEATURE_SET.world)
RISK_WINDOW_DAYS = (1, 7, 30)

transaction = st.tuples(
    st.integers(0, 2),  # merchant
    st.integers(0, 6),  # transaction
    st.sampled_from([0, 0, 1, 2, 7, 29, 31]),  # days since the one before
    st.sampled_from([0, 1, 499, 10_000, 10**9]),  # cents
)
report = st.tuples(
    st.integers(0, 29),  # transaction, counted from the first
    st.sampled_from([0, 0, 1, 3, 40]),  # days since the report before became known
    st.integers(0, 5),  # reported at
    st.booleans(),
    st.booleans(),  # a review
    st.booleans(),  # says nothing any more once the row's id is another customer's, too
)
shared_from = st.dictionaries(st.integers(0, 24), st.integers(95, 160), max_size=5)
"""Row → day from which its id is another customer's, too."""


def build(rows, reported, shared=None):
    merchant, ids, gaps, cents = (np.array(column, np.int64) for column in zip(*rows, strict=True))
    transactions = MaturedTransactions(merchant, ids, 100 + np.cumsum(gaps), {"amount": cents})
    known = 100 + np.cumsum([r[1] for r in reported]).astype(np.int64)
    reports = FraudReports(
        np.array([r[0] % len(rows) for r in reported], np.int64),
        known,
        np.array([r[2] for r in reported], np.int64),
        np.array([r[3] for r in reported], bool),
        np.array([r[4] for r in reported], bool),
        np.array([(shared or {}).get(r[0] % len(rows), NEVER) if r[5] else NEVER for r in reported], np.int64),
    )
    return transactions, reports


def risk_of(transactions, reports, days, delay):
    return matured_features(FEATURE_SET.world, MATURED, transactions, reports, days, delay)


def counts_once(transactions, i):
    for j in reversed(range(i)):
        if (
            transactions.entity[j] == transactions.entity[i]
            and transactions.transaction[j] == (transactions.transaction[i])
        ):
            return transactions.day[i] - transactions.day[j] > REPEAT_DAYS
    return True


def is_known_fraud(reports, row, day):
    known = [k for k in range(len(reports.row)) if reports.row[k] == row and reports.known_day[k] <= day]
    known = [k for k in known if day < reports.until_day[k]]
    rank = lambda k: (not reports.is_review[k], reports.reported_at_ms[k], k)  # noqa: E731
    return bool(known) and bool(reports.is_fraud[max(known, key=rank)])


def reference(transactions, reports, first, last, delay):
    rows = {}
    for merchant in np.unique(transactions.entity):
        for day in range(first, last + 1):
            values = []
            for window in RISK_WINDOW_DAYS:
                matured = [
                    i
                    for i in range(len(transactions.day))
                    if transactions.entity[i] == merchant
                    and day - delay - window <= transactions.day[i] < day - delay
                    and counts_once(transactions, i)
                ]
                n = len(matured)
                frauds = sum(is_known_fraud(reports, i, day) for i in matured)
                cents = sum(int(transactions.columns["amount"][i]) for i in matured)
                values += [n, frauds / max(n, 1), cents / 100 / max(n, 1)]
            if values[NAMES.index("merchant_count_30d")]:
                rows[int(merchant), day] = values
    return rows


@settings(max_examples=200, deadline=None)
@given(
    st.lists(transaction, min_size=1, max_size=25),
    st.lists(report, max_size=12),
    st.integers(95, 140),
    st.integers(0, 50),
    st.sampled_from([0, 1, 7]),
    shared_from,
)
def test_rows_equal_the_reference_loops(rows, reported, first, days, delay, shared):
    transactions, reports = build(rows, reported, shared)
    result = risk_of(transactions, reports, (first, first + days), delay)
    expected = reference(transactions, reports, first, first + days, delay)
    assert list(zip(result.entity.tolist(), result.day.tolist(), strict=True)) == sorted(expected)
    np.testing.assert_array_equal(result.values, np.array([expected[k] for k in sorted(expected)]).reshape(-1, 9))


@settings(max_examples=100, deadline=None)
@given(st.lists(transaction, min_size=1, max_size=25), st.lists(report, max_size=12), st.integers(100, 160))
def test_a_day_does_not_depend_on_the_range_it_is_computed_in(rows, reported, day):
    transactions, reports = build(rows, reported)
    alone = risk_of(transactions, reports, (day, day), 7)
    whole = risk_of(transactions, reports, (100, 200), 7)
    np.testing.assert_array_equal(alone.values, whole.values[whole.day == day])


def test_a_reversal_takes_the_risk_back_from_the_day_it_is_known():
    transactions, reports = build([(0, 1, 0, 100)], [(0, 3, 1, True, False, False), (0, 40, 2, False, False, False)])
    reports = reports._replace(known_day=np.array([103, 110]))
    result = risk_of(transactions, reports, (101, 131), 0)
    risk = dict(zip(result.day.tolist(), result.values[:, NAMES.index("merchant_risk_30d")].tolist(), strict=True))
    assert [risk[d] for d in (102, 103, 109, 110, 130)] == [0, 1, 1, 0, 0]
    assert 131 not in risk
