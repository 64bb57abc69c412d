"""The transactions topic: what it has, and which one it is that bears the name."""

from typing import NamedTuple

from fraud_platform.operations.batch_marker import Offsets
from fraud_platform.settings import Settings
from fraud_platform.storage.kafka import committed_reader
from fraud_platform.storage.kafka_offsets import OffsetRange, watermarks
from fraud_platform.storage.topic_id import TopicId


class Topic(NamedTuple):
    """The transactions topic as it is now."""

    id: str
    stored: OffsetRange
    """First and end offset of each partition."""

    def start_after(self, end: Offsets) -> Offsets:
        """Where to go on; a partition that is new since then has been read from nowhere yet."""
        return {p: max(end.get(p, 0), first) for p, (first, _) in self.stored.items()}


def topic_now(settings: Settings) -> Topic:
    """Raises TopicRecreatedError where there is no such topic."""
    with committed_reader(settings) as consumer:
        return Topic(TopicId(settings, settings.kafka_topic).now(), watermarks(consumer, settings.kafka_topic))
