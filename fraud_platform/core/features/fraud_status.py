"""When a transaction is known as fraud: what reports say of it, as of the start of each day."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from fraud_platform.core.arrays import Bools
from fraud_platform.core.features.windows import Int
from fraud_platform.core.reports import precedence

NEVER = np.iinfo(np.int32).max


class FraudReports(NamedTuple):
    """Reports in arrival order, all (k,)."""

    row: Int
    """Position of the reported transaction."""
    known_day: Int
    """First day at whose start the report is known."""
    reported_at_ms: Int
    is_fraud: Bools
    is_review: Bools | None = None
    """None: not one is."""
    until_day: Int | None = None
    """First as-of day for which the report says nothing any more, or NEVER; None: NEVER for all."""


class Spells(NamedTuple):
    """Changes of a row's fraud status, all (c,)."""

    row: Int
    change: Int
    """+1 or -1."""
    since: Int
    until: Int
    """As-of days from and before which the change counts."""


def fraud_spells(reports: FraudReports) -> Spells:
    """What the reports say, and from the day on which some of them say nothing any more what the others do."""
    if reports.until_day is None:
        return _status_changes(reports, since=0, until=NEVER)
    ends = np.full(int(reports.row.max(initial=-1)) + 1, NEVER, np.int64)
    np.minimum.at(ends, reports.row, reports.until_day)
    until = ends[reports.row]
    outlasts = (reports.until_day == NEVER) & (until < NEVER)
    others = FraudReports(*(None if values is None else values[outlasts] for values in reports))  # type: ignore[arg-type]
    parts = _status_changes(reports, 0, until), _status_changes(others, until[outlasts], NEVER)
    return Spells(*map(np.concatenate, zip(*parts, strict=True)))


def _status_changes(reports: FraudReports, since: Int | int, until: Int | int) -> Spells:
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
    return Spells(frame["row"].to_numpy(), change.to_numpy(), frame["since"].to_numpy(), frame["until"].to_numpy())
