"""The sink under a checkpoint as Spark keeps one, without Spark, features and model: `python -m …chaos.writer`.

It starts in a second, so that it can be killed by the dozen. It copies the transactions
topic to the predictions topic in batches, and ends at the topic's end.
"""

import json
from pathlib import Path

from fraud_platform.operations.batch_marker import BatchOffsets, Offsets
from fraud_platform.settings import Settings, load_settings
from fraud_platform.storage.kafka import committed_reader
from fraud_platform.storage.kafka_offsets import OffsetRange, read_range, watermarks
from streaming.output.sink import OutMessage, TransactionalSink
from streaming.state.checkpoint import checkpoint_folder

BATCH_OFFSETS = 100


class Checkpoint:
    """Offsets are written before a batch, and its commit after it, each in a file named after the batch."""

    def __init__(self, folder: Path) -> None:
        self._offsets, self._commits = folder / "offsets", folder / "commits"
        for part in (self._offsets, self._commits):
            part.mkdir(parents=True, exist_ok=True)

    def next_batch(self) -> int:
        return len([*self._commits.iterdir()])

    def ends(self, batch_id: int) -> Offsets | None:
        """Where a batch ends, if it was begun."""
        path = self._offsets / str(batch_id)
        return {int(p): end for p, end in json.loads(path.read_text()).items()} if path.exists() else None

    def begin(self, batch_id: int, ends: Offsets) -> None:
        unfinished = self._offsets.parent / "unfinished"
        unfinished.write_text(json.dumps(ends))
        unfinished.replace(self._offsets / str(batch_id))

    def commit(self, batch_id: int) -> None:
        (self._commits / str(batch_id)).touch()


def copy(settings: Settings) -> None:
    """Batch after batch, until nothing is left."""
    checkpoint = Checkpoint(checkpoint_folder(settings))
    with committed_reader(settings) as consumer:
        stored = watermarks(consumer, settings.kafka_topic)
        sink = TransactionalSink(settings, "chaos", {p: first for p, (first, _) in stored.items()})
        while offsets := _next_range(checkpoint, stored):
            batch_id = checkpoint.next_batch()
            batch = BatchOffsets(*({p: bounds[side] for p, bounds in offsets.items()} for side in (0, 1)))
            checkpoint.begin(batch_id, batch.end)
            received = [
                OutMessage(settings.kafka_predictions_topic, m.key(), m.value())
                for m in read_range(consumer, settings.kafka_topic, offsets)
            ]
            if not sink.is_written(batch_id, batch):
                sink.write(batch_id, received, batch)
            checkpoint.commit(batch_id)


def _next_range(checkpoint: Checkpoint, stored: OffsetRange) -> OffsetRange:
    """Offsets of the next batch: those it was begun with, so that it is the same batch again; empty at the end."""
    batch_id = checkpoint.next_batch()
    starts = (checkpoint.ends(batch_id - 1) if batch_id else None) or {p: first for p, (first, _) in stored.items()}
    ends = checkpoint.ends(batch_id) or {p: min(starts[p] + BATCH_OFFSETS, end) for p, (_, end) in stored.items()}
    return {p: (starts[p], end) for p, end in ends.items()} if ends != starts else {}


if __name__ == "__main__":
    copy(load_settings())
