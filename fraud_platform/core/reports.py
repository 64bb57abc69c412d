"""When a fraud report is known, which transaction it is about, and which of several reports holds: each rule once.

Labels, blocked cards, merchants' risk, live performance and early evidence all go by what is here.
"""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from fraud_platform.core.arrays import Bools, Days, Ids

REVIEW = "review"
"""Source of a report that is a colleague's opinion; every other one is a chargeback, also where no source is named."""
_ABOVE_ALL_TIMES = 2**43
"""Milliseconds; the contract's last time, the year 2100, is below half of it."""


class JoinedReports(NamedTuple):
    """Pairs (k,) of a transaction and a report on it, and the reports (n,) that could be on several customers'."""

    row: NDArray[np.int64]
    """Position of the transaction."""
    report: NDArray[np.int64]
    """Position of the report."""
    is_ambiguous: Bools


def known_days(reported_at_ms: NDArray[np.integer[Any]], arrival_days: ArrayLike) -> Days:
    """Days (n,), UTC, from whose start reports are known: the first after both the time in one and its arrival.

    A bank may send its chargebacks once a week: what they say of Tuesday nobody knew before they came.

    >>> known_days(np.array([1_767_225_600_000]), ["2026-01-05"])
    array(['2026-01-06'], dtype='datetime64[D]')
    """
    reported = np.asarray(reported_at_ms, np.int64).astype("datetime64[ms]").astype("datetime64[D]")
    return np.maximum(reported, np.asarray(arrival_days, "datetime64[D]")) + 1


def precedence(reported_at_ms: ArrayLike, is_review: ArrayLike) -> NDArray[np.int64]:
    """Numbers (n,): of two reports on a transaction the higher one holds, and the later arrival where they are equal.

    A chargeback outranks a review, whatever their times; among reports of one kind the latest wins.

    >>> precedence([9, 5, 7], [True, False, False]).argsort().tolist()
    [0, 1, 2]
    """
    return np.asarray(reported_at_ms, np.int64) + np.where(np.asarray(is_review, bool), 0, _ABOVE_ALL_TIMES)


def join_reports(transaction_ids: Ids, customer_ids: Ids, reports: pd.DataFrame) -> JoinedReports:
    """The transactions, all (n,), that each report is about; `reports` has transaction_id and customer_id.

    A report with a customer_id is about that customer's transactions of the id. One without is
    about those of its id where one customer alone has it; else it is ambiguous and joins nothing.
    """
    rows = pd.DataFrame({"id": transaction_ids, "owner": customer_ids})
    rows = rows[rows["id"].isin(reports["transaction_id"])]  # few transactions are ever reported
    named = pd.DataFrame({"id": reports["transaction_id"].to_numpy(), "key": reports["customer_id"].to_numpy()})
    pairs = named.reset_index(names="report").merge(rows.reset_index(names="row"), on="id")
    owners = rows.groupby("id")["owner"].nunique()
    is_open = pairs["key"].isna()
    is_ambiguous = is_open & (pairs["id"].map(owners) > 1)
    joins = (is_open & ~is_ambiguous) | (pairs["key"] == pairs["owner"])
    ambiguous = np.zeros(len(reports), bool)
    ambiguous[pairs.loc[is_ambiguous, "report"].to_numpy(np.int64)] = True
    return JoinedReports(
        pairs.loc[joins, "row"].to_numpy(np.int64), pairs.loc[joins, "report"].to_numpy(np.int64), ambiguous
    )


def holding_reports(transaction_ids: Ids, customer_ids: Ids, reports: pd.DataFrame) -> NDArray[np.int64]:
    """Of each transaction (n,) the position of the report that holds on it; -1 where there is none.

    reports: in arrival order, transaction_id, customer_id (null where a report names none), source and
    reported_at_ms. Give all transactions that are known of: whether one customer alone has an id is judged by them.
    """
    row, report, _ = join_reports(transaction_ids, customer_ids, reports)
    order = np.lexsort((report, precedence(reports["reported_at_ms"], reports["source"] == REVIEW)[report]))
    last = pd.Series(report[order], index=row[order]).groupby(level=0).last()
    found = np.full(len(transaction_ids), -1, np.int64)
    found[last.index.to_numpy(np.int64)] = last.to_numpy(np.int64)
    return found


def reported_frauds(transaction_ids: Ids, customer_ids: Ids, reports: pd.DataFrame) -> Bools:
    """Mask (n,) of the transactions that are fraud by the report that holds on them; without one they are none.

    reports: as in `holding_reports`, with is_fraud.
    """
    report = holding_reports(transaction_ids, customer_ids, reports)
    frauds = np.zeros(len(transaction_ids), bool)
    frauds[report >= 0] = reports["is_fraud"].to_numpy(bool)[report[report >= 0]]
    return frauds
