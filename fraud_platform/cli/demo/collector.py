"""Reading the predictions as any consumer would: committed messages only, while they arrive."""

import threading
import time
from dataclasses import dataclass, field

import numpy as np
from confluent_kafka import TopicPartition

from fraud_platform.messages.predictions import prediction_reader
from fraud_platform.messages.schemas import Prediction
from fraud_platform.settings import Settings
from fraud_platform.storage.kafka import committed_reader
from fraud_platform.storage.kafka_offsets import partitions


@dataclass
class Collector:
    """All predictions since the topic's beginning, each with the wall-clock time at which it became visible."""

    settings: Settings
    predictions: list[Prediction] = field(default_factory=list)
    seen_at: list[float] = field(default_factory=list)
    failure: BaseException | None = None
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> "Collector":
        self._thread = threading.Thread(target=self._run, name="collector", daemon=True)
        self._thread.start()
        return self

    def _run(self) -> None:
        try:
            self._collect()
        except BaseException as error:
            self.failure = error

    def _collect(self) -> None:
        topic = self.settings.kafka_predictions_topic
        reader = prediction_reader(topic)
        with committed_reader(self.settings) as consumer:
            consumer.assign([TopicPartition(topic, p, 0) for p in partitions(consumer, topic)])
            while not self._stop.is_set():
                messages = [m for m in consumer.consume(2000, timeout=0.02) if m.error() is None]
                now = time.time()
                decoded = [reader.decode(m.partition(), m.offset(), m.value()) for m in messages]
                reader.tell()
                found = [prediction for prediction in decoded if prediction is not None]
                self.predictions += found
                self.seen_at += [now] * len(found)

    def latencies_ms(self, sent_at: dict[str, float]) -> np.ndarray:
        """Source append to visible prediction, for the transactions whose send time is known."""
        return np.array(
            [
                (seen - sent_at[p.transaction_id]) * 1000
                for p, seen in zip(self.predictions, self.seen_at, strict=True)
                if p.transaction_id in sent_at
            ]
        )

    def stop(self) -> None:
        self._stop.set()
        if self._thread:
            self._thread.join()
