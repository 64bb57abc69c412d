"""Whether a new version may go on: its alerts against the champion's, its probabilities against labels.

Counts are compared with three standard deviations of a Poisson count, so that small
numbers decide nothing.
"""

from math import sqrt
from typing import NamedTuple

SIGMAS = 3.0


class AlertCounts(NamedTuple):
    """Rows that champion and new version both scored, and how many of them each took for fraud."""

    rows: int = 0
    champion: int = 0
    version: int = 0

    def plus(self, other: "AlertCounts") -> "AlertCounts":
        """The sum of both."""
        return AlertCounts(*(mine + its for mine, its in zip(self, other, strict=True)))

    def out_of_band(self, factor: float) -> str | None:
        """Why the version has to go, in words; None while it is within the band, or there is too little to tell.

        factor: so many times the champion's alerts may the version's be, or the other way round.
        """
        if _beyond(self.version, factor * max(self.champion, 1)):
            what = "more"
        elif _beyond(self.champion, factor * max(self.version, 1)):
            what = "fewer"
        else:
            return None
        return (
            f"{self.version} alerts on {self.rows} transactions, the champion raised {self.champion} on "
            f"the same: over {factor:g} times {what} (CANARY_ALERT_FACTOR)"
        )


def early_labels_broken(expected: float, reported: int, factor: float) -> str | None:
    """Why a version has to go, in words: more frauds were reported already than it can have meant; else None.

    expected: sum of its probabilities over rows, most of whose reports are still to come.
    So too many frauds speak against it, and too few say nothing yet.
    """
    if not _beyond(reported, factor * max(expected, 1.0)):
        return None
    return (
        f"{reported} frauds are reported where its probabilities add up to {expected:.1f}: "
        f"over {factor:g} times (CANARY_ALERT_FACTOR)"
    )


def _beyond(count: int, limit: float) -> bool:
    return count > limit + SIGMAS * sqrt(limit)
