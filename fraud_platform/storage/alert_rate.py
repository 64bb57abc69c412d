"""The circuit breaker on Kafka: the rate over the newest predictions, and the alarm in the ledger."""

import msgspec

from fraud_platform.core.alert_rate import AlertRate, alarm
from fraud_platform.schemas import ScorerEvent
from fraud_platform.settings import Settings
from fraud_platform.storage.clock import now_ms
from fraud_platform.storage.kafka import committed_reader, read_range, watermarks
from fraud_platform.storage.ledger import scorer_events, write_event

NEWEST_OFFSETS = 2_000
"""Of each partition of the predictions topic; a batch's transaction marker takes one, too."""


class _Decision(msgspec.Struct):
    """What of a prediction is read."""

    is_fraud: bool


def newest_alert_rate(settings: Settings) -> AlertRate:
    """Over the newest committed predictions of all partitions."""
    topic, decode = settings.kafka_predictions_topic, msgspec.json.Decoder(_Decision).decode
    with committed_reader(settings) as consumer:
        ends = watermarks(consumer, topic)
        newest = {p: (max(first, end - NEWEST_OFFSETS), end) for p, (first, end) in ends.items()}
        decisions = [decode(m.value() or b"").is_fraud for m in read_range(consumer, topic, newest)]
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
