"""The circuit breaker: an alert rate over its limit raises an alarm, which holds promotions and never the scoring."""

from collections.abc import Iterable
from typing import Literal, NamedTuple

from fraud_platform.schemas import ScorerEvent

FEWEST_PREDICTIONS = 1_000
"""Fewer than so many say nothing about a rate."""
CLEARED_SHARE = 0.8
"""An alarm goes where the rate has fallen to this share of the limit, so that it does not come and go with noise."""


class AlertRate(NamedTuple):
    """Of the newest predictions."""

    predictions: int
    alerts: int

    def __str__(self) -> str:
        return f"{self.alerts:,} of the newest {self.predictions:,} predictions are alerts"

    def change(self, limit: float, is_raised: bool) -> Literal["alarm_raised", "alarm_cleared"] | None:
        """The event that is due, given the highest share of alerts allowed and whether an alarm stands."""
        if self.predictions < FEWEST_PREDICTIONS:
            return None
        share = self.alerts / self.predictions
        if is_raised:
            return "alarm_cleared" if share <= CLEARED_SHARE * limit else None
        return "alarm_raised" if share > limit else None


def alarm(events: Iterable[ScorerEvent]) -> ScorerEvent | None:
    """The alarm that stands, from all events, oldest first; None where none was raised or the last one was cleared."""
    last = None
    for event in events:
        if event.kind in ("alarm_raised", "alarm_cleared"):
            last = event
    return last if last and last.kind == "alarm_raised" else None
