"""Measuring beside the batches: what waits in Kafka, whether it is being worked off, and how large the state is."""

import json
import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

from pyspark.sql.streaming import StreamingQuery

from fraud_platform.errors import FraudPlatformError
from fraud_platform.settings import Settings
from fraud_platform.storage.kafka import committed_reader, watermarks
from streaming import metrics
from streaming.scorer import Scorer
from streaming.velocity_state import FOLDER as VELOCITY_FOLDER

log = logging.getLogger(__name__)

METER_SECONDS = 5.0
Offsets = dict[int, int]


class Meter(threading.Thread):
    """Sets the gauges of lag and state, and tells the scorer how it stands."""

    def __init__(
        self,
        settings: Settings,
        scorer: Scorer,
        query: StreamingQuery,
        state: Path,
        on_crash: Callable[[BaseException], None],
    ) -> None:
        super().__init__(name="meter", daemon=True)
        self._settings, self._scorer, self._query, self._state = settings, scorer, query, state
        self._on_crash = on_crash

    def run(self) -> None:
        try:
            self._measure()
        except BaseException as error:  # without it nobody would see a stall
            self._on_crash(error)

    def _measure(self) -> None:
        backlog = Backlog()
        while True:
            try:
                with committed_reader(self._settings) as consumer:
                    while True:
                        ends = {p: end for p, (_, end) in watermarks(consumer, self._settings.kafka_topic).items()}
                        lags = backlog.lags(self._positions(), ends, time.monotonic())
                        self._scorer.stalled_seconds = backlog.stalled_seconds
                        self._set_gauges(lags)
                        time.sleep(METER_SECONDS)
            except (FraudPlatformError, OSError) as error:
                log.warning("the lag is not known: %s", error)
                time.sleep(METER_SECONDS)

    def _positions(self) -> Offsets:
        """First offset not read, of each partition. Spark alone knows of those that were markers of transactions."""
        written, read = self._scorer.next_offsets, _read_by(self._query, self._settings.kafka_topic)
        return {p: max(offset, read.get(p, 0)) for p, offset in written.items()}

    def _set_gauges(self, lags: Offsets) -> None:
        for partition, lag in lags.items():
            metrics.LAG.labels(str(partition)).set(lag)
        metrics.LAG_SECONDS.set(self._scorer.seconds_behind if any(lags.values()) else 0)
        sizes = state_bytes(self._state)
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


def _read_by(query: StreamingQuery, topic: str) -> Offsets:
    """First offset that the query has not read, of each partition."""
    progress = query.lastProgress
    if progress is None:
        return {}
    ends = json.loads(progress["sources"][0]["endOffset"] or "{}")
    return {int(p): offset for p, offset in ends.get(topic, {}).items()}
