"""Messages that Kafka deleted before they were scored: an error, or told of and passed over."""

import logging

from fraud_platform.errors import DeletedMessagesError, ServiceUnavailableError
from fraud_platform.operations.batch_marker import Offsets
from fraud_platform.settings import Settings
from streaming.metrics import metrics
from streaming.state.topic import Topic

log = logging.getLogger(__name__)


def deleted_before(settings: Settings, end: Offsets, topic: Topic) -> str | None:
    """What of the topic is gone before it was scored, in words; None where nothing is.

    Raises DeletedMessagesError, unless ON_DELETED_MESSAGES says to go on.
    """
    for p, offset in end.items():
        if p in topic.stored and offset > topic.stored[p][1]:
            raise ServiceUnavailableError(
                f"partition {p} of {settings.kafka_topic} ends at offset {topic.stored[p][1]}, and the output at "
                f"{offset}: Kafka has lost messages, or its replicas are not yet in step"
            )
    gone = {p: (offset, topic.stored[p][0]) for p, offset in end.items() if p in topic.stored}
    gone = {p: (start, first) for p, (start, first) in gone.items() if start < first}
    if not gone:
        return None
    count = sum(first - start for start, first in gone.values())
    spans = " ".join(f"{p}: {start}-{first - 1}" for p, (start, first) in gone.items())
    told = f"{count:,} messages were deleted from Kafka before they were scored (partition: offsets {spans})"
    if settings.on_deleted_messages == "stop":
        raise DeletedMessagesError(
            f"{told}: set ON_DELETED_MESSAGES=skip to go on without them, and see to the topic's retention.ms"
        )
    log.warning("%s; ON_DELETED_MESSAGES=skip passes over them", told)
    metrics.DELETED.inc(count)
    return told
