"""Merchant features as of the start of a day, from matured transactions and the fraud reports known by then."""

from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from fraud_platform.core.arrays import Floats
from fraud_platform.core.features.declaration import HISTORY_DAYS
from fraud_platform.core.features.table import MERCHANT_FEATURES, RISK_WINDOW_DAYS
from fraud_platform.core.reports import precedence

Int = NDArray[np.int64]
NAMES = [f.name for f in MERCHANT_FEATURES]
NEVER = np.iinfo(np.int32).max
REPEAT_DAYS = HISTORY_DAYS
"""A transaction id that arrives again within this many days of its previous arrival counts once."""


class MerchantTransactions(NamedTuple):
    """Transactions in arrival order, all (n,); days are numbers since 1970-01-01."""

    merchant: Int
    """Codes from 0 on."""
    transaction: Int
    day: Int
    amount_cents: Int


class FraudReports(NamedTuple):
    """Reports in arrival order, all (k,)."""

    row: Int
    """Position of the reported transaction."""
    known_day: Int
    """First day at whose start the report is known."""
    reported_at_ms: Int
    is_fraud: NDArray[np.bool_]
    is_review: NDArray[np.bool_] | None = None
    """None: not one is."""
    until_day: Int | None = None
    """First as-of day for which the report says nothing any more, or NEVER; None: NEVER for all."""


class RiskRows(NamedTuple):
    """merchant and day (r,): as-of days with a transaction in 30 days; values (r, len(MERCHANT_FEATURES))."""

    merchant: Int
    day: Int
    values: Floats


def look_back_days(delay_days: int) -> int:
    """Arrival days before an as-of day that its rows may depend on."""
    return delay_days + max(RISK_WINDOW_DAYS) + REPEAT_DAYS


def merchant_risk(
    transactions: MerchantTransactions, reports: FraudReports, first: int, last: int, delay_days: int
) -> RiskRows:
    """Merchant features as of the start of each day from first to last, both included.

    As of day D and for a window of w days: the transactions that arrived on the days
    [D - delay - w, D - delay); their count, mean amount, and the share of them whose
    newest report known at the start of D says fraud. Sums are integers, so a day's rows
    do not depend on the range they were computed in, as long as the transactions reach
    back `look_back_days`.
    """
    merchants = int(transactions.merchant.max()) + 1 if len(transactions.merchant) else 0
    counted = _first_arrivals(transactions)
    spells = _fraud_spells(reports)
    spells = _Spells(*(values[counted[spells.row]] for values in spells))
    values = np.zeros((merchants, last - first + 1, len(NAMES)))
    for window in RISK_WINDOW_DAYS:

        def running(
            row: Int | NDArray[np.bool_],
            weight: Int,
            since: Int | int,
            until: Int | int = NEVER,
            length: int = window,
        ) -> NDArray[np.int64]:
            """Sum of weights, each over the as-of days from `since` to before `until` with its row in the window."""
            opens = transactions.day[row] + delay_days + 1
            grid = _Grid(merchants, first, last)
            grid.add(transactions.merchant[row], np.maximum(opens, since), np.minimum(opens + length, until), weight)
            return grid.running_sum()

        cents = transactions.amount_cents[counted]
        count = running(counted, np.ones_like(cents), first)
        n = np.maximum(count, 1)
        of_window = {"count": count, "risk": running(*spells) / n, "mean": running(counted, cents, first) / 100 / n}
        for measure, column in of_window.items():
            values[:, :, NAMES.index(f"merchant_{measure}_{window}d")] = column
    merchant, day = np.nonzero(values[:, :, NAMES.index("merchant_count_30d")])
    return RiskRows(merchant, day + first, values[merchant, day])


class _Grid:
    """Sums over merchants and as-of days, kept as differences from one day to the next."""

    def __init__(self, merchants: int, first: int, last: int) -> None:
        self._first = first
        self._shape = (merchants, last - first + 2)
        self._steps = np.zeros(self._shape, np.int64)

    def add(self, merchant: Int, start: Int, end: Int, weight: Int) -> None:
        """Add weights to the days [start, end) of their merchants."""
        for day, sign in ((np.minimum(start, end), 1), (end, -1)):
            column = np.clip(day - self._first, 0, self._shape[1] - 1)
            np.add.at(self._steps, (merchant, column), sign * weight)

    def running_sum(self) -> Int:
        return np.cumsum(self._steps[:, :-1], axis=1)


def _first_arrivals(transactions: MerchantTransactions) -> NDArray[np.bool_]:
    """Which rows are not a repeat of an id at the same merchant."""
    counted = np.ones(len(transactions.day), bool)
    pairs = pd.DataFrame({"m": transactions.merchant, "t": transactions.transaction})
    repeated = np.flatnonzero(pairs.duplicated(keep=False).to_numpy())
    previous = pairs.iloc[repeated].assign(day=transactions.day[repeated]).groupby(["m", "t"])["day"].shift()
    counted[repeated] = ~(transactions.day[repeated] - previous.to_numpy() <= REPEAT_DAYS)  # NaN: the first one
    return counted


class _Spells(NamedTuple):
    """Changes of a row's fraud status, all (c,)."""

    row: Int
    change: Int
    """+1 or -1."""
    since: Int
    until: Int
    """As-of days from and before which the change counts."""


def _fraud_spells(reports: FraudReports) -> _Spells:
    """What the reports say, and from the day on which some of them say nothing any more what the others do."""
    if reports.until_day is None:
        return _status_changes(reports, since=0, until=NEVER)
    ends = np.full(int(reports.row.max(initial=-1)) + 1, NEVER, np.int64)
    np.minimum.at(ends, reports.row, reports.until_day)
    until = ends[reports.row]
    outlasts = (reports.until_day == NEVER) & (until < NEVER)
    others = FraudReports(*(None if values is None else values[outlasts] for values in reports))  # type: ignore[arg-type]
    parts = _status_changes(reports, 0, until), _status_changes(others, until[outlasts], NEVER)
    return _Spells(*map(np.concatenate, zip(*parts, strict=True)))


def _status_changes(reports: FraudReports, since: Int | int, until: Int | int) -> _Spells:
    """Changes of a row's fraud status by the reports, as they become known; they count from `since` to before `until`.

    A report that becomes known after one of higher precedence changes nothing. since, until: of each
    report, the same for all on a row.
    """
    is_review = np.zeros(len(reports.row), bool) if reports.is_review is None else reports.is_review
    frame = pd.DataFrame(
        {
            "row": reports.row,
            "known_day": reports.known_day,
            "precedence": precedence(reports.reported_at_ms, is_review),
            "is_fraud": reports.is_fraud.astype(np.int64),
            "since": np.maximum(reports.known_day, since),
            "until": until,
        }
    )
    frame = frame.iloc[np.lexsort((frame["precedence"], frame["known_day"], frame["row"]))]
    frame = frame[frame["precedence"] >= frame.groupby("row")["precedence"].cummax()]
    change = frame["is_fraud"] - frame.groupby("row")["is_fraud"].shift(fill_value=0)
    return _Spells(frame["row"].to_numpy(), change.to_numpy(), frame["since"].to_numpy(), frame["until"].to_numpy())


class MerchantRisk:
    """The rows of one as-of day, to look merchants up in."""

    def __init__(self, rows: pa.Table) -> None:
        """rows: merchant_id and the merchant features, one row a merchant."""
        self._index = pd.Index(rows["merchant_id"].to_pandas().to_numpy(object), dtype=object)
        values = [rows[name].to_numpy() for name in NAMES]
        # The last row stands for the merchants that are not there: get_indexer gives them -1.
        self._values = np.vstack((np.column_stack(values), [f.default for f in MERCHANT_FEATURES]))

    def lookup(self, merchant_ids: NDArray[np.object_]) -> Floats:
        """Merchant features (n, len(MERCHANT_FEATURES)); the declared defaults for unknown merchants."""
        return self._values[self._index.get_indexer(merchant_ids)]
