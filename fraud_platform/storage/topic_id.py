"""Kafka's id of a topic, which one that was deleted and created anew does not share with it."""

import time
from collections.abc import Callable
from concurrent.futures import Future

from confluent_kafka import KafkaError, KafkaException, TopicCollection
from confluent_kafka.admin import AdminClient, TopicDescription

from fraud_platform.errors import TopicRecreatedError
from fraud_platform.settings import Settings
from fraud_platform.storage.kafka import REQUEST_TIMEOUT_SECONDS, client_config

PATIENCE_SECONDS = 5.0
"""A broker that restarts is away for so long, and a new topic is not known to each broker at once."""
_PASSING = (KafkaError._TRANSPORT, KafkaError._TIMED_OUT, KafkaError.UNKNOWN_TOPIC_OR_PART)


class TopicId:
    """The id of the topic that bears the name now."""

    def __init__(self, settings: Settings, topic: str) -> None:
        self._topic = topic
        self._admin = AdminClient(client_config(settings))

    def now(self) -> str:
        """Raises TopicRecreatedError where there is no such topic."""
        return self.ask()()

    def ask(self) -> Callable[[], str]:
        """Asks the broker; what is returned waits for the answer, and raises as `now` does."""
        asked = self._describe()
        deadline = time.monotonic() + PATIENCE_SECONDS

        def wait() -> str:
            answer = asked
            while True:
                try:
                    return str(answer.result().topic_id)
                except KafkaException as error:
                    code = error.args[0].code()
                    if code not in _PASSING or time.monotonic() > deadline:
                        raise self._failure(code) or error from None
                    time.sleep(0.1)
                    answer = self._describe()

        return wait

    def _describe(self) -> "Future[TopicDescription]":
        topics = TopicCollection([self._topic])
        return self._admin.describe_topics(topics, request_timeout=REQUEST_TIMEOUT_SECONDS)[self._topic]

    def _failure(self, code: int) -> TopicRecreatedError | None:
        unknown = code == KafkaError.UNKNOWN_TOPIC_OR_PART
        return TopicRecreatedError(f"topic {self._topic} was deleted") if unknown else None
