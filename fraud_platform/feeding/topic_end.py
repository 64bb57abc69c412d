"""Where a topic ends in time: what is sent before that would count as of a later day."""

from typing import NamedTuple

from confluent_kafka import TopicPartition
from confluent_kafka.admin import OffsetSpec

from fraud_platform.core.time import day_start_ms
from fraud_platform.errors import ConfigurationError
from fraud_platform.pipeline.midnights import recorded
from fraud_platform.settings import Settings
from fraud_platform.storage.clock import as_text
from fraud_platform.storage.kafka import admin_client, any_reader, clear_errors
from fraud_platform.storage.kafka_offsets import read_range, watermarks
from fraud_platform.storage.lake import Lake
from fraud_platform.storage.topic_id import TopicId

TAIL = 10_000
"""Messages at a partition's end that are looked through where Kafka's newest time is a transaction marker's."""


class TopicEnd(NamedTuple):
    """Times in milliseconds; None where there is no such thing."""

    newest_ms: int | None
    """Of the newest message of all partitions."""
    midnight_ms: int | None
    """Of the last midnight whose offsets were recorded: what comes now is of that day or a later one."""

    @property
    def ms(self) -> int | None:
        """The later of the two."""
        return max((ms for ms in self if ms is not None), default=None)


def end_of(settings: Settings, topic: str) -> TopicEnd:
    """Raises ServiceUnavailableError or AccessDeniedError where Kafka or the lake does not tell."""
    mine = TopicId(settings, topic).now()
    midnights = [day for day, found in recorded(Lake(settings), topic).items() if found.topic_id == mine]
    return TopicEnd(newest_ms(settings, topic), day_start_ms(max(midnights)) if midnights else None)


def require_newer(settings: Settings, topic: str, first_ms: int, what: str) -> None:
    """Raise ConfigurationError where the topic ends after the first message to be sent."""
    end = end_of(settings, topic)
    if end.ms is None or first_ms >= end.ms:
        return
    if end.ms == end.newest_ms:
        reason = f"topic {topic} has messages up to {as_text(end.ms)}: sent after them it would count as of their time"
    else:
        reason = f"the days of topic {topic} were read up to {as_text(end.ms)}: what is sent now counts as of that day"
    raise ConfigurationError(
        f"{what} begins at {as_text(first_ms)}, and {reason}. Send what is newer (--start, --shift-to), or begin anew "
        "with an empty topic: 'fraud reset'"
    )


def newest_ms(settings: Settings, topic: str) -> int | None:
    """Time of the topic's newest message, of all partitions; None where it has none."""
    admin = admin_client(settings)
    with clear_errors(settings, f"find the newest message of {topic}"), any_reader(settings) as consumer:
        offsets = watermarks(consumer, topic)
        asked = {TopicPartition(topic, p): OffsetSpec.max_timestamp() for p in offsets}
        found = {place.partition: f.result() for place, f in admin.list_offsets(asked).items()}
        times = []
        for partition, (first, end) in offsets.items():
            offset, at_ms = found[partition].offset, found[partition].timestamp
            if offset < first or first == end:
                continue
            place = {partition: (offset, offset + 1)}
            if any(read_range(consumer, topic, place, messages_at_once=1)):
                times.append(at_ms)
            else:  # the marker of a transaction, whose time is that of its commit
                tail = read_range(consumer, topic, {partition: (max(first, end - TAIL), end)})
                times += [message.timestamp()[1] for message in tail]
    return max(times, default=None)
