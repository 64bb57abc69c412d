"""A query with its checkpoint, its output and its place in the ledger, without Spark."""

import json
from uuid import uuid4

from pyspark.sql import SparkSession

from fraud_platform.messages.schemas import ScorerEvent
from fraud_platform.operations.batch_marker import Offsets
from fraud_platform.settings import Settings
from fraud_platform.storage.topic_id import TopicId
from fraud_platform_tests.support.simulated_world import FEATURE_SET, LAYOUT
from streaming.output.sink import TransactionalSink
from streaming.state.checkpoint import Checkpoint, checkpoint_folder
from streaming.state.checkpoint_lineage import current_checkpoint
from streaming.state.customers import BOOTSTRAP_FOLDER, EventsFile


class Running:
    """A query with its checkpoint, whose batches read what they are told to."""

    def __init__(
        self,
        settings: Settings,
        start: Offsets,
        *,
        begin: bool = True,
        feature_set: str = "",
        event_layout: str | None = LAYOUT.version,
    ) -> None:
        """begin: whether a scorer opened its output. feature_set, event_layout: others than this release's."""
        self.settings, self.query_id = settings, str(uuid4())
        folder = checkpoint_folder(settings) / "0001"
        topic_id = TopicId(settings, settings.kafka_topic).now()
        self.checkpoint = Checkpoint(
            folder, feature_set or FEATURE_SET.hash, len(start), start, topic_id, event_layout=event_layout
        )
        self.checkpoint.write()
        self._spark = self.checkpoint.spark_folder
        for part in ("offsets", "commits"):
            (self._spark / part).mkdir(parents=True)
        (self._spark / "metadata").write_text(json.dumps({"id": self.query_id}))
        self.sink = start_query(settings, self.query_id, start) if begin else None

    def plan(self, batch: int, end: Offsets) -> None:
        told = json.dumps({self.settings.kafka_topic: end})
        (self._spark / "offsets" / str(batch)).write_text(f"v1\n{{}}\n{told}")

    def write(self, batch: int, end: Offsets, *, committed: bool = True) -> None:
        """One batch; committed: whether Spark heard of its end."""
        self.plan(batch, end)
        self.sink.write(batch, [], self.checkpoint.log(self.settings.kafka_topic).offsets_of(batch))
        if committed:
            (self._spark / "commits" / str(batch)).write_text("v1\n{}")

    def lose(self, batch: int) -> None:
        """The checkpoint as it was before a batch."""
        for part in ("offsets", "commits"):
            (self._spark / part / str(batch)).unlink(missing_ok=True)


def start_query(settings: Settings, query_id: str, start: Offsets) -> TransactionalSink:
    """The output of a scorer that started, as it and the ledger tell."""
    sink = TransactionalSink(settings, query_id, start)
    sink.write_event(started(sink.identity, start))
    return sink


def started(group: str, start: Offsets) -> ScorerEvent:
    fields = {"from_offsets": {str(p): offset for p, offset in start.items()}, "consumer_group": group}
    return ScorerEvent(kind="started", scorer_id="another machine's", at_ms=1, **fields)


def current(spark: SparkSession, settings: Settings) -> Checkpoint:
    return current_checkpoint(spark, settings, checkpoint_folder(settings))


def bootstrapped(made: Checkpoint) -> int:
    """Events in the bootstrapped state."""
    return sum(len(EventsFile(path)) for path in (made.state_folder / BOOTSTRAP_FOLDER).glob("*.arrow"))
