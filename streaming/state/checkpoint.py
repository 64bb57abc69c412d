"""The scorer's checkpoint: one for as long as topic, partitions, fields and velocities stay the same.

Here is what a checkpoint is and how it lies on the disk. Which one a scorer goes on with
is decided in checkpoint_lineage.py.
"""

import fcntl
import json
import time
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import IO

from fraud_platform.declared import FEATURE_SET
from fraud_platform.errors import CheckpointInUseError
from fraud_platform.messages.partitioner import PARTITIONERS, Verdict
from fraud_platform.operations.batch_marker import Offsets
from fraud_platform.settings import Settings
from fraud_platform.storage.kafka_offsets import OffsetRange
from streaming.state.durable_files import write_text
from streaming.state.spark_log import SparkLog

PATIENCE_SECONDS = 10
"""A scorer that was told to end finishes its batch first."""
_FILE = "generation.json"
"""Written last: a folder without it is not a checkpoint. Checkpoints of former releases have this name, too."""
_LAST_OFFSETS = "last_offsets.json"


@dataclass(frozen=True)
class Checkpoint:
    """Spark's folder and the state that belongs to it, with what both depend on."""

    folder: Path
    feature_set: str
    partitions: int
    starting_offsets: Offsets | None
    """None where a former release made it at the topic's earliest offsets."""
    topic_id: str | None = None
    """None where a former release made it."""
    why: str | None = None
    """What the ledger is to tell of its making."""
    follows: str | None = None
    """The query after whose output it goes on."""
    event_layout: str | None = None
    """Version of the rows in its state; None where a former release made it."""
    state_version: str | None = None
    """Of all its state, see FeatureSet.state_version; None where a former release made it."""
    partitioner: Verdict | None = field(default=None, compare=False)
    """How producers spread keys over the partitions when it was made, or since that could be told."""

    @property
    def spark_folder(self) -> Path:
        """Spark's own: offsets, commits, and the query id that exactly-once output rests on."""
        return self.folder / "spark"

    @property
    def query_id(self) -> str | None:
        """Spark's; None before the query's first start, or where a power cut took it."""
        try:
            return json.loads((self.spark_folder / "metadata").read_text())["id"]
        except (OSError, ValueError):
            return None

    @property
    def state_folder(self) -> Path:
        return self.folder / "state"

    def log(self, topic: str) -> SparkLog:
        """What Spark wrote down of the query, which reads the topic."""
        return SparkLog(self.spark_folder, topic, self.starting_offsets or {})

    def fits(self, topic_id: str) -> bool:
        """Whether this release can go on with it in the topic; the number of partitions aside."""
        same_state = self.state_version == FEATURE_SET.state_version
        if self.state_version is None:  # a former release knew its features only
            same_state = (self.feature_set, self.event_layout) == (FEATURE_SET.hash, FEATURE_SET.layout.version)
        return same_state and self.topic_id == topic_id and self.starting_offsets is not None

    def reads_on(self, positions: Offsets, stored: OffsetRange) -> bool:
        """False once the topic has more partitions, and all that had been sent before they were seen is scored.

        Customers move with them, to partitions old and new. The transactions from before have
        to be in the state of a customer who moved, so they come first: this checkpoint reads
        its own partitions to where they ended then, and the next one is bootstrapped with all of it.
        """
        if len(stored) <= self.partitions:
            return True
        file = self.folder / _LAST_OFFSETS
        if not file.exists():
            write_text(file, json.dumps({p: stored[p][1] for p in range(self.partitions)}))
        last = _offsets(json.loads(file.read_text()))
        return any(positions.get(p, 0) < offset for p, offset in last.items())

    def knowing(self, told: Verdict) -> "Checkpoint":
        """The same checkpoint, which from now on knows the partitioner, where that can be told and was not known."""
        if told == self.partitioner or self.partitioner in PARTITIONERS or told not in PARTITIONERS:
            return self
        made = replace(self, partitioner=told)
        made.write()
        return made

    def write(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        told = asdict(self)
        del told["folder"]
        write_text(self.folder / _FILE, json.dumps(told))


def checkpoint_folder(settings: Settings) -> Path:
    """Folder of the scorer's checkpoints, in numbered folders: the lineage."""
    return settings.data_dir / "checkpoints" / "scorer"


def newest_checkpoint(root: Path) -> Checkpoint | None:
    """The one that was made last; None where none was."""
    files = sorted(root.glob(f"*/{_FILE}"))
    if not files:
        return None
    names = {field.name for field in fields(Checkpoint)}
    told = {name: value for name, value in json.loads(files[-1].read_text()).items() if name in names}
    if told["starting_offsets"] is not None:
        told["starting_offsets"] = _offsets(told["starting_offsets"])
    return Checkpoint(folder=files[-1].parent, **told)


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


def _offsets(told: dict[str, int]) -> Offsets:
    return {int(p): offset for p, offset in told.items()}
