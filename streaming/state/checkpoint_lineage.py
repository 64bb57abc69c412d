"""The checkpoint lineage: which checkpoint a scorer goes on with, the newest or a new one that follows it.

A new checkpoint takes the history that its windows need from the lake and goes on at the
very offset where the output ends. So neither a new field nor a new partition
costs a prediction, a window or a manual step. Nor does a lost disk, nor an older copy of
one: how far the output came stands in Kafka's group offsets.
"""

import logging
from contextlib import closing
from pathlib import Path
from shutil import rmtree
from typing import NamedTuple

from pyspark.sql import SparkSession

from fraud_platform.declared import FEATURE_SET
from fraud_platform.errors import (
    ConfigurationError,
    ExactlyOnceError,
    OvertakenError,
    ServiceUnavailableError,
)
from fraud_platform.messages.partitioner import Verdict, moves_customers
from fraud_platform.operations.batch_marker import BatchOffsets, Offsets, Progress, before
from fraud_platform.settings import Settings
from fraud_platform.storage.key_sample import key_spread
from streaming.output.queries import Query, last_query
from streaming.output.sink import TransactionalSink
from streaming.state.bootstrap import bootstrap_state, end_of_lake
from streaming.state.checkpoint import Checkpoint, newest_checkpoint
from streaming.state.checkpoint_agreement import WAY_OUT, is_current
from streaming.state.deleted_messages import deleted_before
from streaming.state.spark_log import SparkLog
from streaming.state.topic import Topic, topic_now

log = logging.getLogger(__name__)


class ResumePoint(NamedTuple):
    """Where the output ends, and whether the newest checkpoint is there."""

    end: Offsets | None
    """None where there is no output, and no start was chosen yet."""
    goes_on: bool
    why: str | None = None
    """Why the newest checkpoint does not go on, where a person should hear of it."""
    has_history: bool = True
    """Whether what the lake has came before."""
    follows: str | None = None
    """The query whose output ends there."""


def current_checkpoint(spark: SparkSession, settings: Settings, root: Path) -> Checkpoint:
    """The newest checkpoint if it fits and its query wrote last, else a new one, bootstrapped from the lake.

    The first one of all begins where STARTING_OFFSETS says: at the end of the lake, with
    the history before it, or at the topic's earliest offsets, with none.
    """
    topic = topic_now(settings)
    newest, last = newest_checkpoint(root), last_query(settings, topic.id)
    resume = _before_output(settings, newest, topic) if last is None else _after_output(settings, newest, last, topic)
    if resume.why:
        log.warning("%s: a new checkpoint goes on where the output ends", resume.why)
    topic = topic_now(settings)  # a scorer that is fenced now may have read what came meanwhile
    deleted = deleted_before(settings, resume.end or {}, topic)
    told = _partitioner(settings)
    if newest and resume.goes_on and not deleted:
        if not moves_customers(newest.partitioner, told):
            return newest.knowing(told)
        moved = f"producers spread keys by {told}, and by {newest.partitioner} before, so customers have moved"
        log.warning("%s: a new checkpoint has their history", moved)
        resume = resume._replace(why=moved)
    number = int(newest.folder.name) + 1 if newest else 1
    why = "; ".join(filter(None, (resume.why, deleted))) or None
    return _make(spark, settings, root / f"{number:04}", topic, resume._replace(why=why), told)


def _partitioner(settings: Settings) -> Verdict:
    """How producers spread keys. A sample that cannot be read tells nothing, and is no reason not to score."""
    try:
        return key_spread(settings, settings.kafka_topic).partitioner
    except ServiceUnavailableError as error:
        log.warning("the partitioner of %s is not told: %s", settings.kafka_topic, error)
        return "unknown"


def open_output(settings: Settings, checkpoint: Checkpoint, query_id: str) -> TransactionalSink:
    """The output of a checkpoint's query, which has just started.

    Raises OvertakenError where the query that it follows wrote more during the bootstrap: its scorer started again.
    """
    sink = TransactionalSink(settings, query_id, checkpoint.starting_offsets)
    if sink.found is None and checkpoint.follows:
        start = checkpoint.starting_offsets or {}
        with closing(TransactionalSink(settings, checkpoint.follows, start)) as former:  # fenced once more
            if former.found and former.found.topic_id in (None, checkpoint.topic_id):
                if former.found.is_stamped:
                    former.renew()
                if any(offset > start.get(p, offset) for p, offset in former.next_offsets.items()):
                    raise OvertakenError(
                        f"query {checkpoint.follows} wrote on while a new checkpoint was made after it: started again, "
                        "the scorer makes another"
                    )
    return sink


def _before_output(settings: Settings, newest: Checkpoint | None, topic: Topic) -> ResumePoint:
    """Where no query has begun to write, as far as Kafka knows."""
    if newest is None:
        return ResumePoint(None, False)
    is_current(newest.log(settings.kafka_topic), Progress(None, BatchOffsets({}, {})))
    if newest.topic_id not in (None, topic.id):
        return _in_another_topic(settings, newest, topic)
    fits = newest.fits(topic.id) and newest.partitions == len(topic.stored)
    return ResumePoint(newest.starting_offsets, fits, follows=newest.follows)


def _after_output(settings: Settings, newest: Checkpoint | None, last: Query, topic: Topic) -> ResumePoint:
    # Opening its sink fences a scorer that still runs, and settles the transaction that a killed one may have left.
    with closing(TransactionalSink(settings, last.id, last.progress.offsets.end)) as sink:
        progress = sink.found or last.progress
        if progress.topic_id not in (None, topic.id):
            return _in_another_topic(settings, newest, topic)
        if newest is None or newest.query_id != last.id:
            resume = _elsewhere(last.id, _complete(progress, {}, topic), newest, topic)
        else:
            resume = _here(settings, newest, progress, topic)
        if progress.missing:
            log.warning("Kafka forgot the positions of partitions %s: the checkpoint knows them", progress.missing)
        if progress.is_stamped:  # also a sign to the scorer that was fenced: another one has taken over
            sink.restore(_restored(settings, newest, progress, resume.end or {}))
    return resume._replace(follows=last.id)


def _restored(settings: Settings, newest: Checkpoint | None, progress: Progress, end: Offsets) -> BatchOffsets:
    """The last batch's offsets, complete."""
    start = progress.offsets.start
    if progress.missing and newest is not None and progress.batch is not None:
        start = (newest.log(settings.kafka_topic).end_of(before(progress.batch)) or {}) | start
    return BatchOffsets(start, end)


def _elsewhere(query_id: str, end: Offsets, newest: Checkpoint | None, topic: Topic) -> ResumePoint:
    if _was_made_for(newest, end, topic):
        return ResumePoint(end, True)
    return ResumePoint(end, False, f"the checkpoint of query {query_id}, the last one that wrote, is not here")


def _here(settings: Settings, newest: Checkpoint, progress: Progress, topic: Topic) -> ResumePoint:
    spark_log = newest.log(settings.kafka_topic)
    current = is_current(spark_log, progress)
    end = _complete(progress, _known(spark_log, progress, current=current), topic)
    if progress.is_stamped and not current:
        why = f"the checkpoint is at batch {spark_log.committed}, and the output at batch {progress.batch}"
        return ResumePoint(end, False, why)
    return ResumePoint(end, current and newest.fits(topic.id) and newest.reads_on(end, topic.stored))


def _known(spark_log: SparkLog, progress: Progress, *, current: bool) -> Offsets:
    """Positions that the checkpoint can tell where Kafka does not."""
    if current:
        return spark_log.end_of(progress.batch) or {}
    # A former release left out the partitions of which it had read nothing: any of its batches tells where they begin.
    return {} if progress.is_stamped else spark_log.end_of(spark_log.committed) or {}


def _in_another_topic(settings: Settings, newest: Checkpoint | None, topic: Topic) -> ResumePoint:
    """At the beginning of the topic that has the name now; the lake's offsets are those of the other one."""
    beginning = topic.start_after({})
    if _was_made_for(newest, beginning, topic):
        return ResumePoint(beginning, True)
    why = f"topic {settings.kafka_topic} was deleted and created anew, and what was not scored is gone with it"
    return ResumePoint(beginning, False, why, has_history=False)


def _was_made_for(newest: Checkpoint | None, start: Offsets, topic: Topic) -> bool:
    """Whether it was made at the last start, which did not come to its query."""
    if newest is None or newest.query_id is not None or not newest.fits(topic.id):
        return False
    return newest.starting_offsets == topic.start_after(start)


def _complete(progress: Progress, known: Offsets, topic: Topic) -> Offsets:
    """The positions, those that Kafka has forgotten from the checkpoint.

    Raises ExactlyOnceError where neither has one: the partition would be scored again from its start.
    """
    end = known | progress.offsets.end
    lost = [p for p in progress.missing if p not in end]
    if not progress.is_stamped:  # a former release left out partitions of which it had read nothing
        lost = [p for p, (first, last) in topic.stored.items() if p not in end and first < last]
    if lost:
        raise ExactlyOnceError(
            f"Kafka has forgotten the positions of partitions {lost}, and there is no checkpoint of batch "
            f"{progress.batch}, the last one that is out, to tell them: {WAY_OUT}"
        )
    return dict(sorted(end.items()))


def _make(
    spark: SparkSession, settings: Settings, folder: Path, topic: Topic, resume: ResumePoint, partitioner: Verdict
) -> Checkpoint:
    """A checkpoint that goes on at the end of the output so far, if there is any."""
    end, lake_ends = resume.end, {}
    # A scan of the lake, so only where it is wanted.
    if resume.has_history and (end is not None or settings.starting_offsets == "lake"):
        lake_ends = end_of_lake(spark, settings)
    if end is None:
        _check_lake(settings, lake_ends, topic)
    start = topic.start_after(lake_ends if end is None else end)
    made = Checkpoint(
        folder,
        FEATURE_SET.hash,
        len(topic.stored),
        start,
        topic.id,
        resume.why,
        resume.follows,
        FEATURE_SET.layout.version,
        FEATURE_SET.state_version,
        partitioner,
    )
    # What a bootstrap that did not end left there.
    rmtree(made.folder, ignore_errors=True)
    if resume.has_history and (end is not None or lake_ends):
        held = {p: (first, start[p]) for p, (first, _) in topic.stored.items()}
        rows = bootstrap_state(spark, settings, lake_ends, held, made.state_folder)
        log.info("a new checkpoint, from offsets %s on, with %s transactions of history", start, f"{rows:,}")
    made.write()
    return made


def _check_lake(settings: Settings, lake_ends: Offsets, topic: Topic) -> None:
    """Raises ConfigurationError where the lake is of another topic, whose offsets say nothing about this one."""
    for p, offset in lake_ends.items():
        if p in topic.stored and offset > topic.stored[p][1]:
            raise ConfigurationError(
                f"the lake ends at offset {offset} of partition {p}, and {settings.kafka_topic} at "
                f"{topic.stored[p][1]}: the lake is not of this topic; set STARTING_OFFSETS=earliest"
            )
