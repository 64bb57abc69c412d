"""The circuit breaker: an alert rate over its limit raises an alarm, which holds promotions and never the scoring."""

from collections.abc import Iterable
from typing import Literal, NamedTuple

import msgspec

from fraud_platform.messages.schemas import ScorerEvent
from fraud_platform.messages.tolerant import TolerantReader
from fraud_platform.operations.ledger import scorer_events, write_event
from fraud_platform.settings import Settings
from fraud_platform.storage.clock import now_ms
from fraud_platform.storage.kafka import committed_reader
from fraud_platform.storage.kafka_offsets import newest_offsets, read_range, watermarks

FEWEST_PREDICTIONS = 1_000
"""Fewer than so many say nothing about a rate."""
CLEARED_SHARE = 0.8
"""An alarm goes where the rate has fallen to this share of the limit, so that it does not come and go with noise."""
NEWEST_OFFSETS = 2_000
"""Of each partition of the predictions topic; a batch's transaction marker takes one, too."""


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


class _Decision(msgspec.Struct):
    """What of a prediction is read."""

    is_fraud: bool


def newest_alert_rate(settings: Settings) -> AlertRate:
    """Over the newest committed predictions of all partitions."""
    topic = settings.kafka_predictions_topic
    reader = TolerantReader(topic, _Decision)
    with committed_reader(settings) as consumer:
        newest = newest_offsets(watermarks(consumer, topic), NEWEST_OFFSETS)
        read = [reader.decode(m.partition(), m.offset(), m.value()) for m in read_range(consumer, topic, newest)]
    reader.tell()
    decisions = [decision.is_fraud for decision in read if decision is not None]
    return AlertRate(len(decisions), sum(decisions))


def watch_alert_rate(settings: Settings) -> tuple[AlertRate, bool]:
    """Raise or clear the alarm where that is due; returns the rate and whether an alarm stands now."""
    rate = newest_alert_rate(settings)
    is_raised = alarm(scorer_events(settings)) is not None
    if due := rate.change(settings.alert_rate_limit, is_raised):
        reason = f"{rate}; ALERT_RATE_LIMIT is {settings.alert_rate_limit:g} of them"
        write_event(settings, ScorerEvent(kind=due, scorer_id="alert_rate", at_ms=now_ms(), reason=reason))
        is_raised = due == "alarm_raised"
    return rate, is_raised
