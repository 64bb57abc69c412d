"""Whether a challenger may go on deciding: its alerts against the champion's on the same rows. Pure."""

from math import sqrt

from streaming.contest import Tally

SIGMAS = 3.0


class AlertBand:
    """Alerts of both models since the challenger came, and how far apart they may be."""

    def __init__(self, factor: float) -> None:
        """factor: so many times the champion's alert rate may the challenger's be, or the other way round."""
        self._factor = factor
        self._rows = self._champion = self._challenger = 0

    def add(self, tally: Tally) -> None:
        self._rows += tally.both + tally.champion_only + tally.challenger_only + tally.neither
        self._champion += tally.champion_alerts
        self._challenger += tally.challenger_alerts

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


def _beyond(count: int, limit: float) -> bool:
    """Larger than chance makes of a Poisson mean at the limit."""
    return count > limit + SIGMAS * sqrt(limit)
