"""Which transaction a report is about, and which of several reports holds, against plain loops."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fraud_platform.core.reports import join_reports, reported_frauds

transactions = st.lists(st.tuples(st.sampled_from("tuv"), st.sampled_from("ab")), max_size=8)
reports = st.lists(
    st.tuples(
        st.sampled_from("tuvw"),
        st.sampled_from([None, "a", "b", "c"]),
        st.sampled_from([None, "chargeback", "review"]),
        st.booleans(),
        st.integers(0, 2),
    ),
    max_size=8,
)
COLUMNS = ["transaction_id", "customer_id", "source", "is_fraud", "reported_at_ms"]


def holds(transaction, all_transactions, all_reports):
    """Whether the transaction is fraud, one report at a time."""
    transaction_id, customer = transaction
    best = None
    for place, (about, key, source, is_fraud, at_ms) in enumerate(all_reports):
        owners = {owner for name, owner in all_transactions if name == about}
        if about == transaction_id and (key == customer or (key is None and len(owners) == 1)):
            rank = (source != "review", at_ms, place)
            if best is None or rank > best[0]:
                best = rank, is_fraud
    return best is not None and best[1]


@given(transactions, reports)
def test_frauds_equal_the_reference_loop(made, told):
    ids, customers = (np.array([pair[i] for pair in made], object) for i in (0, 1))
    frame = pd.DataFrame(told, columns=COLUMNS)
    assert reported_frauds(ids, customers, frame).tolist() == [holds(pair, made, told) for pair in made]


def test_a_report_without_a_key_on_an_id_of_two_customers_is_ambiguous():
    ids, customers = np.array(["t", "t", "u"], object), np.array(["a", "b", "a"], object)
    told = pd.DataFrame({"transaction_id": ["t", "t", "u", "x"], "customer_id": [None, "b", None, None]})
    joined = join_reports(ids, customers, told)
    assert joined.is_ambiguous.tolist() == [True, False, False, False]
    assert sorted(zip(joined.row.tolist(), joined.report.tolist(), strict=True)) == [(1, 1), (2, 2)]


@pytest.mark.parametrize(
    ("told", "is_fraud"),
    [
        ([("review", True, 1)], True),
        ([("review", False, 9), ("chargeback", True, 1)], True),
        ([(None, True, 1), ("review", False, 9)], True),
        ([("chargeback", True, 1), (None, False, 2)], False),
        ([("review", True, 1), ("review", False, 1)], False),
    ],
)
def test_a_chargeback_outranks_a_review_and_a_review_outranks_silence(told, is_fraud):
    frame = pd.DataFrame([("t", None, *row) for row in told], columns=COLUMNS)
    assert reported_frauds(np.array(["t"], object), np.array(["a"], object), frame).tolist() == [is_fraud]
