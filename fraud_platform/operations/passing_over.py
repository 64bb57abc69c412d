"""Having the scorer pass over offsets that it cannot read: a line of the ledger, which its next start goes by."""

from fraud_platform.errors import DeadLetterError
from fraud_platform.messages.passed_over import KIND
from fraud_platform.messages.schemas import ScorerEvent
from fraud_platform.operations.ledger import write_event
from fraud_platform.settings import Settings
from fraud_platform.storage.clock import now_ms
from fraud_platform.storage.kafka import committed_reader
from fraud_platform.storage.kafka_offsets import watermarks

MOST_OFFSETS = 100_000
"""Of one request. A range that long was typed in error, or is a case for another KAFKA_GROUP_ID."""


def pass_over(settings: Settings, partition: int, first: int, end: int, *, by: str, reason: str) -> ScorerEvent:
    """Write the request for offsets [first, end) of a partition of the transactions topic into the ledger.

    Raises DeadLetterError where the topic does not have them, or where they are too many.
    """
    with committed_reader(settings) as consumer:
        stored = watermarks(consumer, settings.kafka_topic)
    if partition not in stored:
        raise DeadLetterError(f"{settings.kafka_topic} has no partition {partition}: it has {sorted(stored)}")
    low, high = stored[partition]
    if not low <= first < end <= high:
        raise DeadLetterError(
            f"offsets {first} to {end} are not in partition {partition} of {settings.kafka_topic}, "
            f"which has {low} to {high}; the last one named is the first that is scored again"
        )
    if end - first > MOST_OFFSETS:
        raise DeadLetterError(f"{end - first:,} offsets are more than the {MOST_OFFSETS:,} of one request")
    event = ScorerEvent(
        kind=KIND,
        scorer_id="passing_over",
        at_ms=now_ms(),
        from_offsets={str(partition): first},
        to_offsets={str(partition): end},
        by=by,
        reason=reason,
    )
    write_event(settings, event)
    return event
