"""What people read of drift: one sentence, its numbers, and a picture."""

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

from fraud_platform.core.listed import listed
from fraud_platform.storage.lake import Lake, Table

MOST_NAMED = 5


class DriftReport(NamedTuple):
    """Of the days that a table was written for last."""

    passed: bool
    """Something was compared, and nothing has drifted."""
    sentence: str
    numbers: dict[str, Any]


def drift_report(
    lake: Lake, table: Table, name: str, first: date, last: date, not_compared: Sequence[str]
) -> DriftReport:
    """Of the days first to last; name: the column that says what a row is of; not_compared: why days are missing."""
    rows = lake.read(table, None, first, last).to_pylist() if lake.exists(table) else []
    drifted = [row for row in rows if row["drifted"]]
    numbers = {
        "compared": len(rows),
        "compared_days": len({row["date"] for row in rows}),
        "drifted": [_words(row, name) for row in drifted],
        "not_compared": list(not_compared),
    }
    return DriftReport(bool(rows) and not drifted, _sentence(rows, drifted, name, not_compared), numbers)


def drift_plot(rows: Sequence[dict[str, Any]], name: str) -> bytes:
    """PNG of the rows of a drift table; name: as above."""
    from fraud_platform.core.monitoring.plots import drift_by_row

    return drift_by_row(rows, name)


def _sentence(
    rows: Sequence[dict[str, Any]], drifted: Sequence[dict[str, Any]], name: str, not_compared: Sequence[str]
) -> str:
    if not rows:
        return f"nothing was compared: {'; '.join(not_compared[:MOST_NAMED]) or 'there are no rows'}"
    days = sorted({row["date"] for row in rows})
    when = str(days[0]) if len(days) == 1 else f"{days[0]} to {days[-1]}"
    if not drifted:
        return f"{when}: none of {len(rows):,} comparisons tells of a drift"
    named = listed([_words(row, name) for row in drifted], MOST_NAMED)
    return f"{when}: {len(drifted):,} of {len(rows):,} comparisons tell of a drift: {named}"


def _words(row: dict[str, Any], name: str) -> str:
    """A row that has drifted, as 'amount on 2026-03-10 (index 0.312, threshold 0.100)'."""
    index = row["psi"]
    if index is not None:
        found = f"index {index:.3f}, threshold {row['threshold']:.3f}"
    else:
        share = row["value"] if "value" in row else row["missing_share"]
        found = f"{share:.2%} of {row['rows']:,}, threshold {row['threshold']:.2%}"
    return f"{row[name]} on {row['date']} ({found})"
