"""The scorer's state between batches: the model in force, the sink, and the lock that makes batch boundaries."""

import logging
import os
import socket
import threading
from typing import Any, NamedTuple

import pyarrow.compute as pc
from pyspark.sql import DataFrame

from fraud_platform.messages.schemas import ScorerEvent
from fraud_platform.operations.aliases import CHALLENGER, CHAMPION
from fraud_platform.operations.ledger import write_event
from fraud_platform.operations.observed_alerts import NOTE, from_note, last_observed, to_note
from fraud_platform.settings import Settings
from fraud_platform.storage.clock import now_ms
from fraud_platform.storage.lake import Lake
from streaming.batch.counts import count_batch
from streaming.batch.features import SCORED, with_features
from streaming.batch.merchant_risk import RiskTables
from streaming.batch.scoring import score_batch
from streaming.batch.velocity import Velocity
from streaming.metrics import metrics
from streaming.models.model_slots import BESIDE, ModelSlots
from streaming.models.traffic_split import LoadedModel
from streaming.output.sink import TransactionalSink
from streaming.state.checkpoint import Checkpoint
from streaming.state.checkpoint_lineage import open_output

log = logging.getLogger(__name__)


class StoppingError(Exception):
    """Raised into a batch that begins after the scorer was told to stop; Spark runs it again next time."""


class Opened(NamedTuple):
    """What a started query is connected to."""

    checkpoint: Checkpoint
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
        self._models = ModelSlots(settings)
        self._sent_back: list[tuple[int, str]] = []
        self._stopping = False
        self._batches = 0
        self._newest_ms = 0  # Kafka timestamp of the newest transaction that is out
        self.stalled_seconds = 0.0
        self.scorer_id = f"{socket.gethostname()}-{os.getpid()}"
        self.has_model = threading.Event()

    def open(self, checkpoint: Checkpoint, query_id: str) -> None:
        """Connect state and output; batches wait for it, since only a started query knows its id."""
        with self._boundary:
            sink = open_output(self._settings, checkpoint, query_id)
            self._opened = Opened(checkpoint, Velocity(self._settings, checkpoint.state_folder), sink)
            # A new checkpoint goes on with the counts of the one before it.
            observed = last_observed(self._settings) if sink.last_batch is None else from_note(sink.note.get(NOTE))
            self._models.resume(observed)
            why = checkpoint.why if sink.found is None else None
            told = {"consumer_group": sink.identity, "topic_id": checkpoint.topic_id, "reason": why}
            self._write_event("started", from_offsets=self._offsets(), **told)
            if self._models.champion is not None:
                self._announce(self._models.champion)
            for alias, model in self._models.beside.items():
                self._announce_beside(alias, model)
            self._send_back()
            self._boundary.notify_all()

    def take_over(self, model: LoadedModel) -> None:
        """Put a model in force from the next batch on, and write down from which offsets."""
        with self._boundary:
            self._models.take_over(model)
            metrics.MODEL_SWAPS.inc()
            self._announce(model)
        self.has_model.set()

    def put_beside(self, alias: str, model: LoadedModel | None) -> None:
        """Have a challenger or canary score beside the champion from the next batch on, or none."""
        with self._boundary:
            self._models.put(alias, model)
            if model is not None:
                self._announce_beside(alias, model)
                self._send_back()

    def sent_back(self) -> list[tuple[int, str]]:
        """Versions that were sent back since the last call, and why: their aliases are to go."""
        with self._boundary:
            sent_back, self._sent_back = self._sent_back, []
        return sent_back

    def refuse(self, alias: str, version: int, reason: str) -> None:
        """Write down that a version was refused under an alias; the models in force go on."""
        kind = "model_refused" if alias == CHAMPION else f"{alias}_refused"
        if alias == CHAMPION:
            metrics.MODEL_REFUSALS.inc()
        with self._boundary:
            self._write_event(kind, model_version=version, reason=reason)

    def process(self, messages: DataFrame, batch_id: int) -> None:
        """Spark's foreachBatch: evaluate, score and write one micro-batch, exactly once."""
        with self._boundary:
            self._boundary.wait_for(lambda: self._opened is not None or self._stopping)
            if self._stopping or self._opened is None or self._models.champion is None:
                raise StoppingError
            checkpoint, velocity, sink = self._opened
            offsets = checkpoint.log(self._settings.kafka_topic).offsets_of(batch_id)
            is_written = sink.is_written(batch_id, offsets)
            with metrics.BATCH_SECONDS.labels("features").time():
                rows = with_features(messages, checkpoint.state_folder, batch_id)
            with metrics.BATCH_SECONDS.labels("velocity").time():
                velocities = velocity.of_batch(batch_id, rows, offsets.end)
            if is_written:  # only its part of the state was in doubt
                return
            with metrics.BATCH_SECONDS.labels("score").time():
                self._risk.refresh()
                batch = score_batch(rows, velocities, self._models.split(), self._risk, self._settings, now_ms())
            observed = self._models.observed_with(batch.outcomes)
            with metrics.BATCH_SECONDS.labels("write").time():
                sink.write(batch_id, batch.messages, offsets, {NOTE: to_note(observed)} if observed else None)
            self._models.resume(observed)
            self._send_back()
        self._batches += 1
        arrivals_ms = rows.filter(pc.equal(rows["status"], SCORED))["timestamp_ms"].to_numpy()
        self._newest_ms = max(self._newest_ms, int(arrivals_ms.max(initial=0)))
        count_batch(batch_id, batch, arrivals_ms, now_ms())

    def _send_back(self) -> None:
        """Have a canary whose alerts left the band decide no longer."""
        if self._opened is None:  # the counts so far are known once it is
            return
        for version, reason in self._models.send_back():
            log.error("version %s, the canary, decides no longer: %s", version, reason)
            self._sent_back.append((version, reason))
            metrics.CANARY_ROLLBACKS.inc()
            self._write_event("canary_rolled_back", model_version=version, reason=reason)

    def renew_offsets(self) -> None:
        """Have Kafka keep the offsets reached, unless a batch is about to commit its own."""
        if self._boundary.acquire(blocking=False):
            try:
                if self._opened is not None and not self._stopping:
                    self._opened.sink.renew()
            finally:
                self._boundary.release()

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
        champion, beside = self._models.champion, self._models.beside
        return {
            "healthy": not self._stopping,
            "scorer_id": self.scorer_id,
            "model_version": champion.version if champion else None,
            **{f"{alias}_version": beside[alias].version if alias in beside else None for alias in BESIDE},
            "batches": self._batches,
            "last_batch": self._opened.sink.last_batch if self._opened else None,
            "stalled_seconds": round(self.stalled_seconds, 1),
            "waiting_for": None if champion else "a model with the alias champion",
        }

    def _announce(self, model: LoadedModel) -> None:
        if self._opened is None:  # announced once it is
            return
        self._write_event(
            "model_loaded",
            model_version=model.version,
            from_offsets=self._offsets(),
            bundle_digest=model.digest or None,
        )
        log.info("version %s scores from offsets %s on", model.version, self._offsets())

    def _announce_beside(self, alias: str, model: LoadedModel) -> None:
        if self._opened is None:
            return
        percent = self._settings.shadow_percent if alias == CHALLENGER else self._settings.canary_percent
        what = "looks on at" if alias == CHALLENGER else "decides on"
        self._write_event(
            f"{alias}_loaded",
            model_version=model.version,
            from_offsets=self._offsets(),
            reason=f"{what} {percent:g} % of customers",
            bundle_digest=model.digest or None,
        )

    def _offsets(self) -> dict[str, int]:
        """From where on the next batch reads, as the ledger writes it."""
        return {str(p): offset for p, offset in sorted(self.next_offsets.items())}

    def _write_event(self, kind: Any, **fields: Any) -> None:
        event = ScorerEvent(kind=kind, scorer_id=self.scorer_id, at_ms=now_ms(), **fields)
        if self._opened is not None:
            self._opened.sink.write_event(event)
        else:  # the sink waits for a model, and whoever asked for one waits for the answer
            write_event(self._settings, event)
