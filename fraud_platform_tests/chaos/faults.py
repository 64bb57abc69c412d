"""What happens to a scorer besides kills: an older copy of its checkpoint, forgotten offsets, clocks that lie."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from shutil import copytree, rmtree
from tempfile import TemporaryDirectory

import numpy as np

from fraud_platform.feeding.messages import Message
from fraud_platform.settings import Settings
from fraud_platform_tests.chaos.kafka_faults import delete_positions
from fraud_platform_tests.chaos.kills import TREE, kill
from fraud_platform_tests.support.scorer_process import ScorerProcess
from streaming.state.checkpoint import checkpoint_folder, newest_checkpoint

OLDER, FORGOTTEN = "older checkpoint", "forgotten offsets"
RECREATED, SUSPENDED = "recreated topic", "suspended process"

LYING_MS = (0, 1, 86_400_000, 946_684_800_000)
"""Kafka timestamps of producers whose clock says 1970 or 2000: no event can be that much later than its message."""


@contextmanager
def older_checkpoint(settings: Settings, process: ScorerProcess) -> Iterator[None]:
    """Ends with the scorer killed, and its checkpoint as it was at the beginning."""
    folder = checkpoint_folder(settings)
    with TemporaryDirectory() as name:
        with process.frozen():
            copytree(folder, name, dirs_exist_ok=True)
        yield
        end(process)
        rmtree(folder)
        copytree(name, folder)


def forget_position(settings: Settings, process: ScorerProcess, partition: int) -> None:
    """Have Kafka forget how far the scorer came in one partition, while it is away."""
    end(process)
    newest = newest_checkpoint(checkpoint_folder(settings))
    assert newest is not None and newest.query_id is not None
    delete_positions(settings, newest.query_id, settings.kafka_topic, partition)


def end(process: ScorerProcess) -> None:
    """Kill all of a scorer, where any of it runs."""
    if process.is_running():
        kill(process.pid, TREE)


def with_lying_clocks(messages: Sequence[Message], share: float, seed: int) -> list[Message]:
    """The messages, and among them copies of some that came from producers whose clocks lie."""
    rng = np.random.default_rng(seed)
    found: list[Message] = []
    for message in messages:
        found.append(message)
        if rng.random() < share:
            found.append(message._replace(send_ms=int(rng.choice(LYING_MS))))
    return found
