"""Transactions at a steady rate that happen now, from a thread of their own."""

import threading
import time
from collections.abc import Iterable

import msgspec

from fraud_platform.feeding.messages import Message
from fraud_platform.messages.schemas import Transaction, encode
from fraud_platform.settings import Settings
from fraud_platform.storage.clock import now_ms
from fraud_platform.storage.kafka import producer


class LiveTraffic(threading.Thread):
    """Sends messages as if they happened now, with the delays that they had, until it is ended or all are out."""

    def __init__(self, settings: Settings, messages: Iterable[Message], per_second: float) -> None:
        super().__init__(daemon=True)
        self._producer, self._topic = producer(settings), settings.kafka_topic
        self._messages, self._per_second = messages, per_second
        self._stopped = threading.Event()
        self.sent: set[str] = set()
        """Ids of the transactions that are out."""

    def run(self) -> None:
        began = time.monotonic()
        for number, message in enumerate(self._messages):
            if self._stopped.wait(max(0, began + number / self._per_second - time.monotonic())):
                break
            event, at_ms = msgspec.json.decode(message.value, type=Transaction), now_ms()
            moved = msgspec.structs.replace(event, event_time_ms=at_ms - (message.send_ms - event.event_time_ms))
            self._producer.produce(self._topic, encode(moved), message.key, timestamp=at_ms)
            self._producer.poll(0)
            self.sent.add(message.transaction_id)
        self._producer.flush(30)

    def end(self) -> None:
        """Safe to call twice."""
        self._stopped.set()
        self.join(60)
