"""The lag monitor: what waits in Kafka, whether it is being worked off, and how large the state is."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from fraud_platform.errors import FraudPlatformError, RepartitionedError
from fraud_platform.operations.batch_marker import Offsets
from fraud_platform.settings import Settings
from fraud_platform.storage.kafka import committed_reader
from fraud_platform.storage.kafka_offsets import OffsetRange, watermarks
from streaming.batch.scorer import Scorer
from streaming.metrics import metrics
from streaming.state.checkpoint import Checkpoint
from streaming.state.entities import FOLDER as VELOCITY_FOLDER

log = logging.getLogger(__name__)

POLL_SECONDS = 5.0
RENEW_SECONDS = 60.0
"""A broker forgets a group's offsets some minutes or days (offsets.retention.minutes) after the last commit."""


class LagMonitor(threading.Thread):
    """Sets the gauges of lag and state, tells the scorer how it stands, and has Kafka keep an idle scorer's offsets."""

    def __init__(
        self, settings: Settings, scorer: Scorer, checkpoint: Checkpoint, on_crash: Callable[[BaseException], None]
    ) -> None:
        super().__init__(name="lag-monitor", daemon=True)
        self._settings, self._scorer, self._checkpoint = settings, scorer, checkpoint
        self._on_crash = on_crash
        self._backlog = Backlog()
        self._committed: Offsets = {}
        self._committed_at = 0.0

    def run(self) -> None:
        try:
            while True:
                for stored in self._looks():
                    self._look(stored, time.monotonic())
                time.sleep(POLL_SECONDS)
        except BaseException as error:  # without it nobody would see a stall
            self._on_crash(error)

    def _looks(self) -> Iterator[OffsetRange]:
        """What Kafka has of the topic, again and again, until it does not answer."""
        try:
            with committed_reader(self._settings) as consumer:
                while True:
                    yield watermarks(consumer, self._settings.kafka_topic)
                    time.sleep(POLL_SECONDS)
        except (FraudPlatformError, OSError) as error:
            log.warning("the lag is not known: %s", error)

    def _look(self, stored: OffsetRange, now: float) -> None:
        """Raises RepartitionedError where a new checkpoint is due. now: of a monotonic clock, in seconds."""
        positions = self._scorer.next_offsets
        lags = self._backlog.lags(positions, {p: end for p, (_, end) in stored.items()}, now)
        self._scorer.stalled_seconds = self._backlog.stalled_seconds
        self._set_gauges(lags)
        if not self._checkpoint.reads_on(positions, stored):
            raise RepartitionedError(
                f"{self._settings.kafka_topic} has {len(stored)} partitions, and the checkpoint reads "
                f"{self._checkpoint.partitions}: restarted, the scorer makes a new one that goes on from here"
            )
        if positions != self._committed:
            self._committed, self._committed_at = positions, now
        elif now - self._committed_at > RENEW_SECONDS:
            self._scorer.renew_offsets()
            self._committed_at = now

    def _set_gauges(self, lags: Offsets) -> None:
        for partition, lag in lags.items():
            metrics.LAG.labels(str(partition)).set(lag)
        metrics.LAG_SECONDS.set(self._scorer.seconds_behind if any(lags.values()) else 0)
        sizes = state_bytes(self._checkpoint.state_folder)
        for part, files in sizes.items():
            metrics.STATE_BYTES.labels(part).set(sum(files))
        metrics.STATE_FILES.set(sum(map(len, sizes.values())))


class Backlog:
    """What waits, and for how long nothing of it was read."""

    def __init__(self) -> None:
        self.stalled_seconds = 0.0
        self._moved = 0.0
        self._positions: Offsets = {}

    def lags(self, positions: Offsets, ends: Offsets, now: float) -> Offsets:
        """Offsets that wait in each partition. now: of a monotonic clock, in seconds."""
        lags = {p: max(0, end - positions.get(p, 0)) for p, end in ends.items()}
        if positions != self._positions or not any(lags.values()):
            self._moved = now
        self._positions = positions
        self.stalled_seconds = now - self._moved
        return lags


def state_bytes(folder: Path) -> dict[str, list[int]]:
    """Sizes of the state's files, by what they are about."""
    sizes: dict[str, list[int]] = {"customers": [], "velocity": []}
    for path in folder.rglob("*.arrow"):
        part = "velocity" if VELOCITY_FOLDER in path.relative_to(folder).parts else "customers"
        try:
            sizes[part].append(path.stat().st_size)
        except FileNotFoundError:  # merged meanwhile
            continue
    return sizes
