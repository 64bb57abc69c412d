"""The scorer's state between batches: the model in force, the sink, and the lock that makes batch boundaries."""

import logging
import os
import socket
import threading
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame

from fraud_platform.core.canary import AlertBand
from fraud_platform.schemas import ScorerEvent
from fraud_platform.settings import Settings
from fraud_platform.storage.clock import now_ms
from fraud_platform.storage.lake import Lake
from fraud_platform.storage.ledger import write_event
from fraud_platform.storage.registry import CHAMPION
from streaming import metrics
from streaming.batch_counts import count_batch
from streaming.contest import Contest, LoadedModel, Tally
from streaming.features import SCORED, with_features
from streaming.generation import Generation
from streaming.risk import RiskTables
from streaming.scoring import score_batch
from streaming.sink import TransactionalSink
from streaming.velocity import Velocity

log = logging.getLogger(__name__)


class StoppingError(Exception):
    """Raised into a batch that begins after the scorer was told to stop; Spark runs it again next time."""


class Opened(NamedTuple):
    """What a started query is connected to."""

    generation: Generation
    velocity: Velocity
    sink: TransactionalSink

    def close(self) -> None:
        self.velocity.close()
        self.sink.close()


class Scorer:
    """Scores micro-batches with the model in force; models change between batches only."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._risk = RiskTables(Lake(settings))
        self._boundary = threading.Condition()
        self._opened: Opened | None = None
        self._model: LoadedModel | None = None
        self._challenger: LoadedModel | None = None
        self._band = AlertBand(settings.canary_alert_factor)
        self.unwanted: int | None = None
        self._stopping = False
        self._batches = 0
        self._newest_ms = 0  # Kafka timestamp of the newest transaction that is out
        self.stalled_seconds = 0.0
        self.scorer_id = f"{socket.gethostname()}-{os.getpid()}"
        self.has_model = threading.Event()

    def open(self, generation: Generation, query_id: str) -> None:
        """Connect state and output; batches wait for it, since only a started query knows its id."""
        with self._boundary:
            sink = TransactionalSink(self._settings, query_id, generation.starting_offsets)
            self._opened = Opened(generation, Velocity(self._settings, generation.state), sink)
            self._write_event("started", from_offsets=self._offsets(), consumer_group=sink.identity)
            if self._model is not None:
                self._announce(self._model)
            if self._challenger is not None:
                self._announce_challenger(self._challenger)
            self._boundary.notify_all()

    def take_over(self, model: LoadedModel) -> None:
        """Put a model in force from the next batch on, and write down from which offsets."""
        with self._boundary:
            self._model = model
            self._band = AlertBand(self._settings.canary_alert_factor)
            if self._challenger is not None and self._challenger.version == model.version:
                self._drop_challenger()
            metrics.MODEL_VERSION.set(model.version)
            metrics.MODEL_THRESHOLD.set(model.threshold)
            metrics.MODEL_SWAPS.inc()
            self._announce(model)
        self.has_model.set()

    def challenge(self, model: LoadedModel | None) -> None:
        """Have a challenger score beside the champion from the next batch on, or none."""
        with self._boundary:
            self._challenger = model
            self._band = AlertBand(self._settings.canary_alert_factor)
            metrics.CHALLENGER_VERSION.set(model.version if model else 0)
            if model is not None:
                self._announce_challenger(model)

    def refuse(self, alias: str, version: int, reason: str) -> None:
        """Write down that a champion or challenger was refused; the model in force goes on."""
        kind = "model_refused" if alias == CHAMPION else "challenger_refused"
        if alias == CHAMPION:
            metrics.MODEL_REFUSALS.inc()
        with self._boundary:
            self._write_event(kind, model_version=version, reason=reason)

    def process(self, messages: DataFrame, batch_id: int) -> None:
        """Spark's foreachBatch: evaluate, score and write one micro-batch, exactly once."""
        with self._boundary:
            self._boundary.wait_for(lambda: self._opened is not None or self._stopping)
            if self._stopping or self._opened is None or self._model is None:
                raise StoppingError
            generation, velocity, sink = self._opened
            is_written = sink.is_written(batch_id)
            with metrics.BATCH_SECONDS.labels("features").time():
                rows = with_features(messages, generation.state, batch_id)
            next_offsets = _next_offsets(rows)
            generation.check(next_offsets)
            with metrics.BATCH_SECONDS.labels("velocity").time():
                velocities = velocity.of_batch(batch_id, rows, sink.next_offsets | next_offsets)
            if is_written:  # only its part of the state was in doubt
                return
            with metrics.BATCH_SECONDS.labels("score").time():
                self._risk.refresh()
                batch = score_batch(rows, velocities, self._contest(self._model), self._risk, self._settings, now_ms())
            with metrics.BATCH_SECONDS.labels("write").time():
                sink.write(batch_id, batch.messages, next_offsets)
            self._watch_canary(batch.tally)
        self._batches += 1
        arrivals_ms = rows.filter(pc.equal(rows["status"], SCORED))["timestamp_ms"].to_numpy()
        self._newest_ms = max(self._newest_ms, int(arrivals_ms.max(initial=0)))
        count_batch(batch_id, batch, arrivals_ms, now_ms())

    def _contest(self, champion: LoadedModel) -> Contest:
        shares = self._settings.shadow_percent, self._settings.canary_percent
        return Contest(champion, self._challenger, *shares)

    def _watch_canary(self, tally: Tally) -> None:
        """Send a challenger back whose alerts leave the band, where it decides on customers."""
        self._band.add(tally.rows, tally.champion_alerts, tally.challenger_alerts)
        if self._challenger is None or not self._settings.canary_percent or not (reason := self._band.broken()):
            return
        version = self._challenger.version
        log.error("version %s, the challenger, decides no longer: %s", version, reason)
        self.unwanted = version
        self._drop_challenger()
        metrics.CANARY_ROLLBACKS.inc()
        self._write_event("canary_rolled_back", model_version=version, reason=reason)

    def _drop_challenger(self) -> None:
        self._challenger = None
        metrics.CHALLENGER_VERSION.set(0)

    def stop(self) -> None:
        """Let the running batch finish, then take no other; safe to call twice."""
        with self._boundary:
            if self._opened is not None and not self._stopping:
                self._write_event("stopped")
                self._opened.close()
            self._stopping = True
            self._boundary.notify_all()

    @property
    def next_offsets(self) -> dict[int, int]:
        """First source offset without output, of each partition; empty before the query has started."""
        return dict(self._opened.sink.next_offsets) if self._opened else {}

    @property
    def seconds_behind(self) -> float:
        """Age of the newest transaction that is out."""
        return max(0, now_ms() - self._newest_ms) / 1000 if self._newest_ms else 0

    def health(self) -> dict[str, Any]:
        """The /health document."""
        return {
            "healthy": not self._stopping,
            "scorer_id": self.scorer_id,
            "model_version": self._model.version if self._model else None,
            "challenger_version": self._challenger.version if self._challenger else None,
            "batches": self._batches,
            "last_batch": self._opened.sink.last_batch if self._opened else None,
            "stalled_seconds": round(self.stalled_seconds, 1),
            "waiting_for": None if self._model else "a model with the alias champion",
        }

    def _announce(self, model: LoadedModel) -> None:
        if self._opened is None:  # announced once it is
            return
        self._write_event("model_loaded", model_version=model.version, from_offsets=self._offsets())
        log.info("version %s scores from offsets %s on", model.version, self._offsets())

    def _announce_challenger(self, model: LoadedModel) -> None:
        if self._opened is None:
            return
        settings = self._settings
        reason = f"looks on at {settings.shadow_percent:g} % of customers, decides on {settings.canary_percent:g} %"
        self._write_event("challenger_loaded", model_version=model.version, from_offsets=self._offsets(), reason=reason)

    def _offsets(self) -> dict[str, int]:
        """From where on the next batch reads, as the ledger writes it."""
        return {str(p): offset for p, offset in sorted(self.next_offsets.items())}

    def _write_event(self, kind: Any, **fields: Any) -> None:
        event = ScorerEvent(kind=kind, scorer_id=self.scorer_id, at_ms=now_ms(), **fields)
        if self._opened is not None:
            self._opened.sink.write_event(event)
        else:  # the sink waits for a model, and whoever asked for one waits for the answer
            write_event(self._settings, event)


def _next_offsets(rows: pa.Table) -> dict[int, int]:
    """First offset after the batch, for each source partition in it."""
    last = rows.group_by("partition").aggregate([("offset", "max")])
    return dict(zip(last["partition"].to_pylist(), pc.add(last["offset_max"], 1).to_pylist(), strict=True))
