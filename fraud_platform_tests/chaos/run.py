"""A scorer, or the bare writer, killed again and again while a known stream comes in, among other faults. Seeded."""

import signal
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from itertools import cycle, islice, pairwise, product
from pathlib import Path
from typing import NamedTuple

import numpy as np
from confluent_kafka import Message

from fraud_platform.errors import ServiceUnavailableError
from fraud_platform.feeding.messages import Message as FeedMessage
from fraud_platform.operations.aliases import CHAMPION
from fraud_platform.settings import Settings
from fraud_platform.storage.registry import Registry
from fraud_platform_tests.chaos.faults import FORGOTTEN, OLDER, RECREATED, SUSPENDED, forget_position, older_checkpoint
from fraud_platform_tests.chaos.kafka_faults import recreate, take_any_past
from fraud_platform_tests.chaos.kills import ROLES, TREE, has_jvm, kill
from fraud_platform_tests.support.kafka_outcome import is_all_visible, outcome, read, send
from fraud_platform_tests.support.scorer_process import ScorerProcess
from fraud_platform_tests.support.scraped_metrics import scraped
from fraud_platform_tests.support.waiting import wait_until

PAUSES = ("before-output", "after-flush", "after-commit")
"""Moments at which the sink waits to be killed: the state is written and no output; the output is at the
broker, uncommitted; Kafka has committed, and Spark has not."""
START_UP = "start-up"
FAULTS = (OLDER, None, FORGOTTEN, None, SUSPENDED, None, RECREATED, None, None, None, None)
"""What comes with a kill. So many that in the long run each comes with each moment and part."""
TRANSACTION_TIMEOUT_MS = 10_000


class Kill(NamedTuple):
    moment: str
    role: str
    fault: str | None = None


def plan(kills: int, seed: int) -> list[Kill]:
    """Every moment with every part, in a random order, over and over; other faults among them."""
    rng = np.random.default_rng(seed)
    combinations, faults = [*product((*PAUSES, START_UP), ROLES)], [*FAULTS]
    rng.shuffle(combinations)
    rng.shuffle(faults)
    planned = zip(cycle(combinations), cycle(faults), strict=False)
    return [Kill(str(moment), str(role), fault) for (moment, role), fault in islice(planned, kills)]


class UnderFire:
    """One process that is started again whenever it has ended."""

    def __init__(self, settings: Settings, folder: Path, module: str = "streaming") -> None:
        """folder: where the moments to wait at are asked for."""
        self._settings = settings
        self._pauses = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.process = ScorerProcess(settings, module)
        self.process.pause(folder, TRANSACTION_TIMEOUT_MS)
        self.starts = 0

    def wait_until(self, condition: Callable[[], object], what: str) -> None:
        """Until the condition holds, while the process is kept running."""

        def holds() -> object:
            self.keep_running()
            return condition()

        wait_until(holds, what)

    def keep_running(self) -> None:
        if not self.process.is_running():
            self.process.start()
            self.starts += 1

    def strike(self, strike: Kill) -> None:
        """Wait for the moment, and kill."""
        if strike.moment == START_UP:
            self.wait_until(lambda: has_jvm(self.process.pid), "a JVM")
            kill(self.process.pid, strike.role)
            return
        self._reach(strike.moment)
        kill(self.process.pid, strike.role)
        self._leave(strike.moment)

    def suspend(self) -> None:
        """Have it stand still, all output of a batch at the broker, until Kafka has ended its transaction."""
        topics = (self._settings.kafka_predictions_topic, self._settings.kafka_dead_letter_topic)
        self._reach("after-flush")
        with self.process.frozen():
            wait_until(lambda: all(is_all_visible(self._settings, t) for t in topics), "an aborted transaction")
            self._leave("after-flush")

    def _reach(self, moment: str) -> None:
        (self._pauses / moment).touch()
        self.wait_until((self._pauses / f"{moment}.reached").exists, f"the moment {moment}")

    def _leave(self, moment: str) -> None:
        (self._pauses / f"{moment}.reached").unlink()
        (self._pauses / moment).unlink()

    def __enter__(self) -> "UnderFire":
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing of it outlives the test, whatever failed."""
        if self.process.is_running():
            kill(self.process.pid, TREE)


def scorer_under_fire(
    settings: Settings,
    folder: Path,
    messages: Sequence[FeedMessage],
    kills: Sequence[Kill],
    models: Sequence[int],
    before: Callable[[int, Kill], None] = lambda number, kill: None,
) -> list[list[Message]]:
    """The messages, a piece for each kill and a last one, all through the scorer; models take turns meanwhile.

    before: called ahead of each kill, with its number. Returns what stood in each topic that was deleted.
    """
    registry = Registry(settings)
    pieces = _pieces(messages, len(kills) + 1)
    versions = cycle(models)
    former: list[list[Message]] = []
    take_any_past(settings)  # of clocks that lie, too
    with UnderFire(settings, folder) as fire:
        for number, (strike, piece) in enumerate(zip(kills, pieces, strict=False)):
            before(number + 1, strike)
            if number % 3 == 0:  # and the kill comes while the scorer takes it over
                registry.set_alias(CHAMPION, next(versions))
            if strike.fault:  # one at a time: two at once may take what a recovery needs
                fire.wait_until(lambda: _is_at_rest(settings, former), "all predictions and dead letters so far")
            if strike.fault == RECREATED:
                former.append(read(settings, settings.kafka_topic))
                recreate(settings)
            with older_checkpoint(settings, fire.process) if strike.fault == OLDER else nullcontext():
                half = len(piece) // 2 if strike.fault == OLDER else 0
                if half:  # so that it is older by a batch at least
                    _send(settings, fire, piece[:half])
                    fire.wait_until(lambda: _is_all_out(settings, former), "a batch after the copy")
                _send(settings, fire, piece[half:])
                if strike.fault == SUSPENDED:
                    fire.suspend()
                fire.strike(strike)
            if strike.fault == FORGOTTEN:
                forget_position(settings, fire.process, partition=number % settings.kafka_partitions)
        _send(settings, fire, pieces[-1])
        fire.wait_until(lambda: _is_all_out(settings, former), "all predictions and dead letters")
        fire.process.end(signal.SIGTERM)
    return former


def _send(settings: Settings, fire: UnderFire, messages: list[FeedMessage]) -> None:
    with fire.process.frozen():
        send(settings, messages)


def _pieces(messages: Sequence[FeedMessage], count: int) -> list[list[FeedMessage]]:
    """As many messages one after another in each."""
    bounds = np.linspace(0, len(messages), count + 1).astype(int).tolist()
    return [[*messages[first:end]] for first, end in pairwise(bounds)]


def _is_at_rest(settings: Settings, former: Sequence[list[Message]]) -> bool:
    """Whether a scorer runs, and has nothing to do."""
    return scraped(settings, "fraud_scorer_lag_messages") == 0 and _is_all_out(settings, former)


def _is_all_out(settings: Settings, former: Sequence[list[Message]]) -> bool:
    try:
        result = outcome(settings, former)
    except ServiceUnavailableError:  # Kafka may be what was killed
        return False
    return result.lost + result.letters_lost == 0
