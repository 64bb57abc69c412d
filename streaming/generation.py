"""Generations of the scorer's checkpoint: one as long as feature set and Kafka partitions stay the same.

A new generation takes the history that its windows need from the lake and goes on at
the very offset where the former one ended, so neither a changed feature set nor a new
partition costs a prediction, a window or a manual step. Nor does a lost disk: which query
wrote last stands in the ledger, and how far it came in Kafka's group offsets.
"""

import fcntl
import json
import logging
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from shutil import rmtree
from typing import IO, NamedTuple

from pyspark.sql import SparkSession

from fraud_platform.core.features.table import feature_set_hash
from fraud_platform.errors import CheckpointInUseError, ExactlyOnceError, RepartitionedError
from fraud_platform.settings import Settings
from fraud_platform.storage.kafka import OffsetRange, committed_reader, offsets_at, watermarks
from fraud_platform.storage.ledger import settled_events
from streaming.seed import end_of_lake, seed
from streaming.sink import TransactionalSink, query_id_of

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 10
"""A scorer that was told to end finishes its batch first."""
_FILE = "generation.json"
"""Written last: a folder without it is not a generation."""


@dataclass(frozen=True)
class Generation:
    """What a checkpoint depends on; `starting_offsets` is None where it began at the earliest."""

    folder: Path
    feature_set: str
    partitions: int
    starting_offsets: dict[int, int] | None

    @property
    def checkpoint(self) -> Path:
        """Spark's: offsets, commits, and the query id that exactly-once output rests on."""
        return self.folder / "spark"

    @property
    def query_id(self) -> str | None:
        """Spark's; None before the query's first start."""
        metadata = self.checkpoint / "metadata"
        return json.loads(metadata.read_text())["id"] if metadata.exists() else None

    @property
    def state(self) -> Path:
        return self.folder / "state"

    def check(self, partitions: Iterable[int]) -> None:
        """Raises RepartitionedError for a partition that the topic got after this generation was made."""
        if new := [p for p in partitions if p >= self.partitions]:
            raise RepartitionedError(
                f"partitions {new} are new, and customers may have moved to them: restart the scorer, "
                "and it makes a new checkpoint that goes on from here"
            )


def hold(root: Path, patience_seconds: float = PATIENCE_SECONDS) -> IO[str]:
    """Keep other scorers of this machine off the checkpoint until the process ends, however it does.

    Raises CheckpointInUseError. Scorers of other machines are fenced by Kafka: the newer one goes on.
    """
    root.mkdir(parents=True, exist_ok=True)
    lock = (root / "lock").open("a")
    deadline = time.monotonic() + patience_seconds
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return lock
        except BlockingIOError:
            if time.monotonic() > deadline:
                lock.close()
                raise CheckpointInUseError(
                    f"another scorer works on the checkpoint {root}: stop it, or set another DATA_DIR "
                    "and KAFKA_GROUP_ID"
                ) from None
            time.sleep(0.1)


def current_generation(spark: SparkSession, settings: Settings, root: Path) -> Generation:
    """The newest generation if it fits and nothing was written after it, else a new one, seeded from the lake.

    The first one of all begins where STARTING_OFFSETS says: at the end of the lake, with
    the history before it, or at the topic's earliest offsets, with none.
    """
    with committed_reader(settings) as consumer:
        stored = watermarks(consumer, settings.kafka_topic)
    newest, last = _newest(root), _last_query(settings)
    fits = newest is not None and (newest.feature_set, newest.partitions) == (feature_set_hash(), len(stored))
    wrote_last = newest is not None and (last is None or newest.query_id == last.id)
    if newest and fits and wrote_last:
        return newest
    if newest and wrote_last:
        end = _end_of_output(settings, newest)
    else:
        end = _end_elsewhere(settings, last) if last else None
        if newest and fits and newest.query_id is None and newest.starting_offsets == end:
            return newest  # made at the last start, which did not come to its query
    number = int(newest.folder.name) + 1 if newest else 1
    return _make(spark, settings, root / f"{number:04}", stored, end)


def _make(
    spark: SparkSession, settings: Settings, folder: Path, stored: OffsetRange, end: dict[int, int] | None
) -> Generation:
    """A generation that goes on at the end of the output so far, if there is any."""
    if end and (gone := sum(max(stored[p][0] - offset, 0) for p, offset in end.items())):
        log.warning("%s messages were deleted from Kafka before they were scored", f"{gone:,}")
    # A scan of the lake, so only where it is wanted.
    lake_ends = end_of_lake(spark, settings) if end is not None or settings.starting_offsets == "lake" else {}
    start = end if end is not None else lake_ends or None
    if start is not None:
        # A partition that is new since then has been read from nowhere yet.
        start = {p: max(start.get(p, 0), first) for p, (first, _) in stored.items()}
    made = Generation(folder, feature_set_hash(), len(stored), start)
    if start is not None:
        # What a seed that did not end left there.
        rmtree(made.folder, ignore_errors=True)
        held = {p: (first, start[p]) for p, (first, _) in stored.items()}
        rows = seed(spark, settings, lake_ends, held, made.state)
        log.info("a new checkpoint, from offsets %s on, with %s transactions of history", start, f"{rows:,}")
    _write(made)
    return made


class Query(NamedTuple):
    """A query as the ledger knows it, from its last start."""

    id: str
    starting_offsets: dict[int, int]
    at_ms: int


def _last_query(settings: Settings) -> Query | None:
    """The query that was the last one to write for this KAFKA_GROUP_ID, on whatever machine."""
    for event in reversed(settled_events(settings)):
        if event.kind == "started" and (query_id := query_id_of(settings, event.consumer_group)):
            return Query(query_id, {int(p): offset for p, offset in (event.from_offsets or {}).items()}, event.at_ms)
    return None


def _newest(root: Path) -> Generation | None:
    files = sorted(root.glob(f"*/{_FILE}"))
    if not files:
        return None
    fields = json.loads(files[-1].read_text())
    offsets = fields["starting_offsets"]
    fields["starting_offsets"] = offsets if offsets is None else {int(p): offset for p, offset in offsets.items()}
    return Generation(folder=files[-1].parent, **fields)


def _write(made: Generation) -> None:
    made.folder.mkdir(parents=True, exist_ok=True)
    fields = asdict(made)
    del fields["folder"]
    unfinished = made.folder / f".{_FILE}"
    unfinished.write_text(json.dumps(fields))
    unfinished.replace(made.folder / _FILE)


def _end_of_output(settings: Settings, former: Generation) -> dict[int, int] | None:
    """Where the output of a generation ends; None where its query never started and it had no start.

    Raises ExactlyOnceError where Kafka no longer knows which batch was the last one out.
    """
    if former.query_id is None:
        return former.starting_offsets
    # Opening its sink settles the transaction that a killed scorer may have left open.
    sink = TransactionalSink(settings, former.query_id, former.starting_offsets)
    sink.close()
    commits = (former.checkpoint / "commits").glob("[0-9]*")
    sink.is_written(max((int(path.name) for path in commits), default=-1) + 1)
    return sink.next_offsets


def _end_elsewhere(settings: Settings, last: Query) -> dict[int, int]:
    """Where the output of a query ends whose checkpoint is not here; its scorer, if it still runs, is fenced.

    Raises ExactlyOnceError where it wrote and Kafka no longer knows how far.
    """
    log.warning("the checkpoint of query %s, the last one that wrote, is not here: a new one goes on after it", last.id)
    sink = TransactionalSink(settings, last.id, last.starting_offsets)
    sink.close()
    if sink.last_batch is None and _has_written(settings, last):
        raise ExactlyOnceError(
            f"Kafka has forgotten the offsets of the group {sink.identity}, so how far its output came is not known: "
            "bring its checkpoint back, or set another KAFKA_GROUP_ID and score from STARTING_OFFSETS on"
        )
    return sink.next_offsets


def _has_written(settings: Settings, query: Query) -> bool:
    """Whether there are predictions from after the query's last start."""
    with committed_reader(settings) as consumer:
        ends = watermarks(consumer, settings.kafka_predictions_topic)
        since = offsets_at(consumer, settings.kafka_predictions_topic, query.at_ms)
    return any(since[p] < end for p, (_, end) in ends.items())
