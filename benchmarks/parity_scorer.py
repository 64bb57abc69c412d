"""What benchmarks/parity.py does to a scorer: it sends whole days at once, kills it, and starts it again."""

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import psutil

from benchmarks.scorer_process import SCORER, started
from fraud_platform.feeding.messages import Message
from fraud_platform.settings import Settings
from fraud_platform.storage.kafka import any_reader, committed_reader, producer
from fraud_platform.storage.kafka_offsets import watermarks

POLL_SECONDS = 0.5
VISIBLE_SECONDS = 240


class Scorer:
    """The scorer's process, which comes and goes."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = started(SCORER, self._settings)

    def end(self, signum: int) -> None:
        assert self._process is not None
        self._process.send_signal(signum)
        self._process.wait(60)

    def send(self, messages: list[Message]) -> None:
        """Have all messages visible before the scorer, if it runs, reads the first: else days would come late."""
        with self._frozen():
            _send_at_once(self._settings, messages)

    @contextmanager
    def _frozen(self) -> Iterator[None]:
        own = [psutil.Process(self._process.pid)] if self._process else []
        processes = [*own, *(child for process in own for child in process.children(recursive=True))]
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.suspend()
        yield
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.resume()


def _send_at_once(settings: Settings, messages: list[Message]) -> None:
    """Returns when committed readers see all of them, which is some time after the commit."""
    kafka = producer(settings, **{"transactional.id": settings.kafka_topic})
    kafka.init_transactions(30)
    kafka.begin_transaction()
    for message in sorted(messages):
        topic = settings.kafka_labels_topic if message.kind == "label" else settings.kafka_topic
        kafka.produce(topic, message.value, message.key, timestamp=message.send_ms)
        kafka.poll(0)
    kafka.commit_transaction(60)
    with committed_reader(settings) as committed, any_reader(settings) as stored:
        for topic in (settings.kafka_topic, settings.kafka_labels_topic):
            wait(lambda t=topic: watermarks(committed, t) == watermarks(stored, t), f"end of {topic}", VISIBLE_SECONDS)


def wait(condition: Callable[[], object], what: str, seconds: float) -> None:
    """Return once the condition holds; raises TimeoutError, naming what was waited for, where it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds:g} s: {what}")
        time.sleep(POLL_SECONDS)
