"""A producer that keeps what it is given: the part of confluent_kafka.Producer that the feed uses."""

from collections.abc import Callable
from typing import Any, NamedTuple

from confluent_kafka import KafkaError


class Produced(NamedTuple):
    topic: str
    key: bytes
    value: bytes
    timestamp: int


class FakeProducer:
    """Takes `room` messages between two polls, and refuses those of one key as a broker would."""

    def __init__(self, room: int = 1_000_000, refused_key: bytes | None = None, stuck: int = 0) -> None:
        self.produced: list[Produced] = []
        self.flushed = False
        self._room = self._free = room
        self._refused_key = refused_key
        self._stuck = stuck

    def produce(
        self, topic: str, value: bytes, key: bytes, timestamp: int, on_delivery: Callable[[Any, Any], None]
    ) -> None:
        if self._free == 0:
            raise BufferError("queue full")
        self._free -= 1
        if key == self._refused_key:
            on_delivery(KafkaError(KafkaError.INVALID_TIMESTAMP), None)
            return
        self.produced.append(Produced(topic, key, value, timestamp))

    def poll(self, timeout: float) -> int:
        self._free = self._room
        return 0

    def purge(self, *, in_flight: bool) -> None:
        self._stuck = 0

    def flush(self, timeout: float) -> int:
        self.flushed = True
        return self._stuck
