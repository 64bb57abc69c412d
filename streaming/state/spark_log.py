"""Spark's own log in a checkpoint: which batches were planned and committed, and the offsets of each.

Spark writes a batch's end offsets before it runs it, and its commit after foreachBatch has
returned. It keeps the last batches only.
"""

import json
from pathlib import Path

from fraud_platform.errors import ExactlyOnceError
from fraud_platform.operations.batch_marker import BatchOffsets, Offsets, before


class SparkLog:
    """The log of a query that reads one Kafka topic."""

    def __init__(self, checkpoint: Path, topic: str, starting_offsets: Offsets) -> None:
        self._checkpoint, self._topic, self._starting_offsets = checkpoint, topic, starting_offsets

    @property
    def planned(self) -> int | None:
        """The last batch that was begun; None before the first."""
        return self._last("offsets")

    @property
    def committed(self) -> int | None:
        """The last batch that Spark knows to be done; None before the first."""
        return self._last("commits")

    def _last(self, part: str) -> int | None:
        numbers = (path.name for path in (self._checkpoint / part).glob("[0-9]*"))
        return max((int(name) for name in numbers if name.isdecimal()), default=None)

    @property
    def is_whole(self) -> bool:
        """False where a power cut emptied the last commit: Spark does not sync its log."""
        last = self.committed
        return last is None or (self._checkpoint / "commits" / str(last)).stat().st_size > 0

    def end_of(self, batch: int | None) -> Offsets | None:
        """First offsets after a batch, or before the first for None; None where the log does not tell."""
        if batch is None:
            return self._starting_offsets
        try:
            (source,) = (self._checkpoint / "offsets" / str(batch)).read_text().splitlines()[2:]
            return {int(p): offset for p, offset in json.loads(source)[self._topic].items()}
        except (OSError, ValueError, LookupError):  # purged, or emptied by a power cut
            return None

    def offsets_of(self, batch: int) -> BatchOffsets:
        """Raises ExactlyOnceError where the log does not tell."""
        start, end = self.end_of(before(batch)), self.end_of(batch)
        if start is None or end is None:
            raise ExactlyOnceError(f"the checkpoint {self._checkpoint} does not tell the offsets of batch {batch}")
        return BatchOffsets(start, end)
