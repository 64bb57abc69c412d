"""Whether a challenger may go on: its alerts against the champion's on the same rows, its probabilities against labels.

Counts are compared with three standard deviations of a Poisson count, so that small
numbers condemn nobody.
"""

from math import sqrt

SIGMAS = 3.0


class AlertBand:
    """Alerts of both models since the later one of them came, and how far apart they may be."""

    def __init__(self, factor: float) -> None:
        """factor: so many times the champion's alert rate may the challenger's be, or the other way round."""
        self._factor = factor
        self._rows = self._champion = self._challenger = 0

    def add(self, rows: int, champion_alerts: int, challenger_alerts: int) -> None:
        """Rows that both models scored, and what each made of them."""
        self._rows += rows
        self._champion += champion_alerts
        self._challenger += challenger_alerts

    def broken(self) -> str | None:
        """Why the challenger has to go, in words; None while it is within the band, or there is too little to tell."""
        if _beyond(self._challenger, self._factor * max(self._champion, 1)):
            what = "more"
        elif _beyond(self._champion, self._factor * max(self._challenger, 1)):
            what = "fewer"
        else:
            return None
        return (
            f"{self._challenger} alerts on {self._rows} transactions, the champion raised {self._champion} on "
            f"the same: over {self._factor:g} times {what} (CANARY_ALERT_FACTOR)"
        )


def early_labels_broken(expected: float, reported: int, factor: float) -> str | None:
    """Why the challenger has to go, in words: more frauds were reported already than it can have meant; else None.

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
