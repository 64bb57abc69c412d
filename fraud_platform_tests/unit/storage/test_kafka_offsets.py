"""Questions to a partition's leader while there is none."""

import pytest
from confluent_kafka import KafkaError, KafkaException

from fraud_platform.storage import kafka_offsets


class MovingPartition:
    """A consumer whose partition has no leader for some requests."""

    def __init__(self, error: int, refusals: int) -> None:
        self._error, self._refusals = error, refusals

    def list_topics(self, topic: str, timeout: float):
        partition = type("Topic", (), {"error": None, "partitions": {0: None}})
        return type("Metadata", (), {"topics": {topic: partition}})

    def get_watermark_offsets(self, partition, timeout: float) -> tuple[int, int]:
        if self._refusals:
            self._refusals -= 1
            raise KafkaException(KafkaError(self._error))
        return 3, 7


def test_a_partition_without_leader_is_waited_for():
    assert kafka_offsets.watermarks(MovingPartition(KafkaError.NOT_LEADER_FOR_PARTITION, 2), "any") == {0: (3, 7)}


@pytest.mark.parametrize("refusals", [1, 1_000])
def test_any_other_refusal_and_a_leader_that_never_comes_are_raised(monkeypatch, refusals):
    monkeypatch.setattr(kafka_offsets, "REQUEST_TIMEOUT_SECONDS", 0.2)
    error = KafkaError.TOPIC_AUTHORIZATION_FAILED if refusals == 1 else KafkaError.LEADER_NOT_AVAILABLE
    with pytest.raises(KafkaException):
        kafka_offsets.watermarks(MovingPartition(error, refusals), "any")
