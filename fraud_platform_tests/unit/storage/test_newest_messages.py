"""Reading a topic from its end: order, bounds and markers, on a topic in memory."""

from collections.abc import Sequence
from typing import NamedTuple

import pytest
from confluent_kafka import KafkaError

from fraud_platform.errors import ServiceUnavailableError
from fraud_platform.storage import kafka_offsets
from fraud_platform.storage import newest_messages as module
from fraud_platform.storage.newest_messages import newest, read_together

NOW_MS = 1_000_000


class Stored(NamedTuple):
    place: tuple[int, int]
    time_ms: int = 0
    code: int | None = None

    def partition(self) -> int:
        return self.place[0]

    def offset(self) -> int:
        return self.place[1]

    def timestamp(self) -> tuple[int, int]:
        return 1, self.time_ms

    def error(self) -> KafkaError | None:
        return None if self.code is None else KafkaError(self.code)


class TopicInMemory:
    """The part of a consumer that reading uses; `times`: of each partition by offset, None for a marker."""

    def __init__(self, *times: Sequence[int | None]) -> None:
        self._times = times
        self._at: dict[int, int] = {}
        self._paused: set[int] = set()
        self.delivered = 0

    def assign(self, places) -> None:
        self._at = {place.partition: place.offset for place in places}

    def pause(self, places) -> None:
        self._paused |= {place.partition for place in places}

    def resume(self, places) -> None:
        self._paused -= {place.partition for place in places}

    def unassign(self) -> None:
        self._at = {}

    def consume(self, count: int, timeout: float) -> list[Stored]:
        messages: list[Stored] = []
        for p, at in [pair for pair in self._at.items() if pair[0] not in self._paused]:
            while at < len(self._times[p]) and len(messages) < count:
                if (time_ms := self._times[p][at]) is not None:
                    messages.append(Stored((p, at), time_ms))
                at += 1
            self._at[p] = at
            if at == len(self._times[p]) and len(messages) < count:
                messages.append(Stored((p, at), code=KafkaError._PARTITION_EOF))
        self.delivered += len(messages)
        return messages

    @property
    def offsets(self) -> dict[int, tuple[int, int]]:
        return {p: (0, len(times)) for p, times in enumerate(self._times)}


@pytest.fixture(autouse=True)
def clock(monkeypatch) -> None:
    monkeypatch.setattr(module, "now_ms", lambda: NOW_MS)


def places(topic: TopicInMemory, most: int, wanted=lambda message: message.place, **offsets) -> list[tuple[int, int]]:
    return newest(topic, "any", offsets.get("offsets", topic.offsets), wanted, most)


def test_partitions_are_merged_by_time_newest_first():
    topic = TopicInMemory([10, 30, 50], [20, 40, 60])
    assert places(topic, 10) == [(1, 2), (0, 2), (1, 1), (0, 1), (1, 0), (0, 0)]
    assert places(topic, 2) == [(1, 2), (0, 2)]


def test_a_clock_that_lies_moves_no_other_message():
    """Within a partition the order is the topic's; one dated 2100 is taken for one of now."""
    topic = TopicInMemory([10, 0, 50], [20, 9 * NOW_MS, 60])
    assert places(topic, 10) == [(1, 2), (1, 1), (0, 2), (1, 0), (0, 1), (0, 0)]


def test_a_long_topic_is_read_from_its_end_only():
    topic = TopicInMemory(range(100_000), range(100_000))
    assert places(topic, 3) == [(0, 99_999), (1, 99_999), (0, 99_998)]
    assert topic.delivered < 3_000


def test_what_is_rare_is_looked_for_to_the_beginning():
    topic = TopicInMemory(range(100_000), range(50))
    rare = {(0, 7), (0, 70_000), (1, 3)}
    wanted = lambda message: message.place if message.place in rare else None  # noqa: E731
    assert places(topic, 5, wanted) == [(0, 70_000), (0, 7), (1, 3)]
    assert places(topic, 1, wanted) == [(0, 70_000)]


def test_no_more_than_what_is_asked_for_of_each_partition_is_held():
    class Counted:
        alive = most_alive = 0

        def __init__(self) -> None:
            Counted.alive += 1
            Counted.most_alive = max(Counted.most_alive, Counted.alive)

        def __del__(self) -> None:
            Counted.alive -= 1

    topic = TopicInMemory(range(20_000), range(20_000))
    newest(topic, "any", topic.offsets, lambda message: Counted() if message.place[1] % 100 == 0 else None, 10)
    assert Counted.most_alive <= 2 * 10 * 2 + 1


def test_markers_at_the_end_and_in_between_are_passed_over():
    topic = TopicInMemory([10, None, 30, None, None], [None, None], [])
    assert places(topic, 10) == [(0, 2), (0, 0)]


def test_ranges_are_kept_to_and_other_partitions_are_not_read():
    topic = TopicInMemory(range(10), range(10))
    assert places(topic, 10, offsets={0: (3, 5), 1: (4, 4)}) == [(0, 4), (0, 3)]
    assert [m.place for m in read_together(topic, "any", {1: (2, 4)})] == [(1, 2), (1, 3)]


def test_a_broker_that_falls_silent_is_an_error(monkeypatch):
    monkeypatch.setattr(kafka_offsets, "REQUEST_TIMEOUT_SECONDS", 0)

    class Silent(TopicInMemory):
        def consume(self, count: int, timeout: float) -> list[Stored]:
            return []

    with pytest.raises(ServiceUnavailableError, match="sent nothing of any in the offsets 0: 0 to 2"):
        list(read_together(Silent([1, 2]), "any", {0: (0, 2)}))
