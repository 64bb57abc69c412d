"""Whether a checkpoint and Kafka's group offsets tell of the same moment."""

from fraud_platform.errors import ExactlyOnceError
from fraud_platform.operations.batch_marker import Offsets, Progress
from streaming.state.spark_log import SparkLog

WAY_OUT = (
    "put both back as of the same moment, or set another KAFKA_GROUP_ID and score from STARTING_OFFSETS on "
    "(docs/operations.md, Backup and restore)"
)


def is_current(log: SparkLog, progress: Progress) -> bool:
    """Whether the checkpoint is where the output is: at the same batch, with the same offsets.

    False where the output is ahead, as of an older copy of the checkpoint, or where the
    checkpoint cannot be read; a new one then goes on where the output ends. Raises
    ExactlyOnceError where the output is behind, since what the checkpoint knows to be out
    would be written again.
    """
    out, committed = progress.batch, log.committed
    if _number(out) < _number(committed):
        raise ExactlyOnceError(
            f"batch {_number(committed) + 1} follows marker {out}: Kafka's group offsets are older than the "
            f"checkpoint, or forgotten, so how far the output came is not known: {WAY_OUT}"
        )
    if not progress.is_stamped or not log.is_whole:
        return False
    if out == committed:
        ends = log.end_of(committed)
        if ends is not None and not _are_of(progress.offsets.end, ends):
            raise ExactlyOnceError(
                f"batch {committed} ends at {ends} in the checkpoint and at {progress.offsets.end} in Kafka's group "
                f"offsets: {WAY_OUT}"
            )
        return ends is not None
    # Spark did not hear of the last batch's end, or the checkpoint is an older one, which may plan another batch.
    starts, ends = log.end_of(committed), log.end_of(out)
    is_next = _number(out) == _number(committed) + 1 and out == log.planned
    return is_next and _are_of(progress.offsets.start, starts) and _are_of(progress.offsets.end, ends)


def _are_of(known: Offsets, offsets: Offsets | None) -> bool:
    """Whether positions, some of which Kafka may have forgotten, are these."""
    return offsets is not None and all(offsets.get(p) == offset for p, offset in known.items())


def _number(batch: int | None) -> int:
    return -1 if batch is None else batch
