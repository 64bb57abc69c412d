"""What a feed leaves to the next one: reports that are not due yet, and how far it came where it was interrupted.

One file under DATA_DIR for each transactions topic, by the id that Kafka gave it: a topic that is deleted and created
anew begins with nothing outstanding.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import msgspec
import pandas as pd

from fraud_platform.errors import ConfigurationError
from fraud_platform.feeding.messages import REPORT_COLUMNS
from fraud_platform.settings import Settings
from fraud_platform.storage.topic_id import TopicId


class Outstanding(msgspec.Struct, frozen=True):
    """A report that is still to be sent."""

    transaction_id: str
    customer_id: str | None
    reported_at_ms: int


class Unfinished(msgspec.Struct, frozen=True):
    """A feed that was interrupted. Its first `sent` messages are on Kafka, and perhaps others of the first `reach`."""

    identity: str
    """What its messages are made from, as a digest."""
    command: str
    sent: int
    reach: int
    sent_ms: int
    """Time of the last of them."""
    ends: dict[str, dict[int, int]]
    """End offset of each partition, of the transactions and the labels topic, when Kafka had just these."""
    flush_until_ms: int
    """Reports from then on are left to a later feed."""


class FeedState(msgspec.Struct, frozen=True):
    """What is written down."""

    outstanding: list[Outstanding] = []
    unfinished: Unfinished | None = None

    def reports(self) -> pd.DataFrame:
        """The outstanding reports in REPORT_COLUMNS."""
        rows = [msgspec.structs.astuple(report) for report in self.outstanding]
        return pd.DataFrame(rows, columns=REPORT_COLUMNS).astype({"reported_at_ms": "int64"})


class StateFile:
    """The state of one topic's feeds; use it inside `locked_state`."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> FeedState:
        """Raises ConfigurationError where the file is none of ours."""
        if not self._path.exists():
            return FeedState()
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=FeedState)
        except msgspec.MsgspecError as error:
            raise ConfigurationError(
                f"{self._path} cannot be read ({error}): it says which reports are still to be sent; "
                "restore it, or delete it and do without them"
            ) from None

    def write(self, state: FeedState) -> None:
        """All of it or nothing, also at a power cut."""
        new = self._path.with_suffix(".new")
        with new.open("wb") as file:
            file.write(msgspec.json.encode(state))
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def feed_folder(settings: Settings) -> Path:
    """Where the states lie."""
    return settings.data_dir / "feed"


@contextmanager
def locked_state(settings: Settings) -> Iterator[StateFile]:
    """The state of the transactions topic's feeds, one feed at a time.

    Raises ServiceUnavailableError where there is no such topic, ConfigurationError where another feed is at work.
    """
    folder = feed_folder(settings)
    folder.mkdir(parents=True, exist_ok=True)
    # Kafka writes its ids in an alphabet that has a slash.
    name = TopicId(settings, settings.kafka_topic).now().translate(str.maketrans("+/", "-_"))
    with (folder / f"{name}.lock").open("w") as lock:
        _lock(lock, settings.kafka_topic)
        yield StateFile(folder / f"{name}.json")


def _lock(file: IO[str], topic: str) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise ConfigurationError(
            f"another 'fraud simulate' or 'fraud replay' is sending to {topic}: wait for its end, or stop it"
        ) from None
