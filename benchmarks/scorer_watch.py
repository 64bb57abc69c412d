"""What benchmarks/scorer.py sees from outside: when predictions become visible, and what the scorer's processes use."""

import re
import threading
import time
from collections import Counter
from urllib.request import urlopen

import msgspec
import numpy as np
import psutil
from confluent_kafka import Consumer, TopicPartition

from fraud_platform.settings import Settings
from fraud_platform.storage.kafka import committed_reader
from fraud_platform.storage.kafka_offsets import read_range, watermarks

SAMPLE_SECONDS = 2.0
PAUSE_SECONDS = 0.25
TOLD_SECONDS = 2.0
"""The scorer's page is at most this old."""


class Visible(msgspec.Struct):
    """The part of a prediction that the benchmark reads."""

    event_time_ms: int
    is_fraud: bool


_decode = msgspec.json.Decoder(Visible).decode


class Watcher(threading.Thread):
    """Notes when predictions become visible to committed readers; a subclass says how."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(daemon=True)
        self._settings = settings
        self._ended = threading.Event()
        self.bursts: list[tuple[float, int]] = []
        """(monotonic second, predictions that came together)."""
        self.count = 0

    def run(self) -> None:
        with committed_reader(self._settings) as consumer:
            self._begin(consumer)
            while not self._ended.is_set():
                if come := self._look(consumer):
                    self.count += come
                    self.bursts.append((time.monotonic(), come))

    def _begin(self, consumer: Consumer) -> None:
        """What is to be done before the first look."""

    def _look(self, consumer: Consumer) -> int:
        """Predictions that came since the last look, which may wait for them for a moment."""
        raise NotImplementedError

    def wait_for(self, predictions: int, seconds: float, process: "Usage") -> None:
        """Until so many have come; raises where they do not, or the scorer has ended."""
        deadline = time.monotonic() + seconds
        while self.count < predictions:
            if not process.is_up():
                raise RuntimeError("the scorer has ended, see its log")
            if time.monotonic() > deadline:
                raise RuntimeError(f"{self.count:,} of {predictions:,} predictions within {seconds:g} s")
            time.sleep(0.05)

    def wait_for_pause(self) -> float:
        """Until the batch that is coming in has come whole; returns when its last prediction came."""
        deadline = time.monotonic() + 10
        while time.monotonic() < min(deadline, self.bursts[-1][0] + PAUSE_SECONDS):
            time.sleep(0.02)
        return self.bursts[-1][0]

    def stop(self) -> None:
        self._ended.set()
        self.join()


class OffsetWatcher(Watcher):
    """Asks how far a committed reader could read, which costs the scorer's machine nothing.

    A transaction's marker counts as a prediction: a few in a hundred thousand.
    """

    def _look(self, consumer: Consumer) -> int:
        time.sleep(0.1)
        ends = watermarks(consumer, self._settings.kafka_predictions_topic)
        return sum(end for _, end in ends.values()) - self.count


class Reader(Watcher):
    """Reads each prediction and notes its latency in milliseconds."""

    def __init__(self, settings: Settings, since_ms: int = 0) -> None:
        """since_ms: only predictions that are still to come, on events from this time on."""
        super().__init__(settings)
        self._since_ms = since_ms
        self.latencies_ms: list[float] = []
        self.seen_ms: list[float] = []
        """When each prediction was read, milliseconds since 1970."""

    def _begin(self, consumer: Consumer) -> None:
        topic = self._settings.kafka_predictions_topic
        ends = {p: end if self._since_ms else 0 for p, (_, end) in watermarks(consumer, topic).items()}
        consumer.assign([TopicPartition(topic, p, end) for p, end in ends.items()])

    def _look(self, consumer: Consumer) -> int:
        messages = [m for m in consumer.consume(5_000, timeout=0.02) if m.error() is None]
        now_ms = time.time_ns() / 1e6
        times_ms = [_decode(m.value() or b"").event_time_ms for m in messages]
        latencies_ms = [now_ms - time_ms for time_ms in times_ms if time_ms >= self._since_ms]
        self.latencies_ms += latencies_ms
        self.seen_ms += [now_ms] * len(latencies_ms)
        return len(latencies_ms)


def predictions_and_alerts(settings: Settings) -> tuple[int, int]:
    """How many there are in all, by reading them."""
    topic = settings.kafka_predictions_topic
    with committed_reader(settings) as consumer:
        read = [_decode(m.value() or b"").is_fraud for m in read_range(consumer, topic, watermarks(consumer, topic))]
    return len(read), sum(read)


class Usage(threading.Thread):
    """CPU seconds and memory of a process with its children, sampled, by kind: driver, JVM, workers."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._root = psutil.Process(pid)
        self._ended = threading.Event()
        self.memory_mib: list[tuple[float, float]] = []
        """(monotonic second, proportional set size of all)."""

    def run(self) -> None:
        while not self._ended.wait(SAMPLE_SECONDS):
            sizes = [_pss(process) for process in self._tree()]
            self.memory_mib.append((time.monotonic(), sum(sizes) / 2**20))

    def is_up(self) -> bool:
        return self._root.is_running() and self._root.status() != psutil.STATUS_ZOMBIE

    def cpu_seconds(self) -> Counter[str]:
        seconds: Counter[str] = Counter()
        for process in self._tree():
            try:
                times = process.cpu_times()
                seconds[_kind(process)] += times.user + times.system  # type: ignore[assignment]
            except psutil.Error:
                continue
        return seconds

    def stop(self) -> None:
        self._ended.set()
        self.join()

    def _tree(self) -> list[psutil.Process]:
        try:
            return [self._root, *self._root.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []


def _kind(process: psutil.Process) -> str:
    if process.name() == "java":
        return "jvm"
    return "workers" if any("daemon" in word for word in process.cmdline()) else "driver"


def _pss(process: psutil.Process) -> int:
    try:
        return process.memory_full_info().pss
    except psutil.Error:
        return 0


def phase_seconds(settings: Settings) -> dict[str, tuple[float, float]]:
    """Sum and count of the scorer's batch times by phase, from its /metrics."""
    with urlopen(f"http://127.0.0.1:{settings.metrics_port}/metrics", timeout=10) as page:
        text = page.read().decode()
    found: dict[str, dict[str, float]] = {}
    for kind, phase, value in re.findall(r'fraud_scorer_batch_seconds_(sum|count)\{phase="(\w+)"\} (\S+)', text):
        found.setdefault(phase, {})[kind] = float(value)
    return {phase: (values["sum"], values["count"]) for phase, values in found.items()}


def percentiles(latencies_ms: list[float]) -> dict[str, float]:
    values = np.asarray(latencies_ms)
    return {f"p{q:g}_ms": round(float(np.percentile(values, q))) for q in (50, 99, 99.9)}


def slope_mib_per_hour(samples: list[tuple[float, float]]) -> float | None:
    """Least squares over samples of (second, MiB); None for too few of them."""
    if len(samples) < 3:
        return None
    seconds, mib = np.array(samples).T
    return round(float(np.polyfit(seconds / 3600, mib, 1)[0]), 1)
