"""A scorer, or the bare writer, killed again and again while a known stream comes in. Seeded."""

import signal
from collections.abc import Callable, Sequence
from itertools import cycle, islice, pairwise, product
from pathlib import Path
from typing import NamedTuple

import numpy as np

from fraud_platform.settings import Settings
from fraud_platform.storage.feed_messages import Message
from fraud_platform.storage.registry import CHAMPION, Registry
from fraud_platform_tests.chaos.kills import ROLES, TREE, has_jvm, kill
from fraud_platform_tests.outcome import outcome, send
from fraud_platform_tests.scorer_process import ScorerProcess
from fraud_platform_tests.waiting import wait_until

PAUSES = ("before-output", "after-flush", "after-commit")
"""Moments at which the sink waits to be killed: the state is written and no output; the output is at the
broker, uncommitted; Kafka has committed, and Spark has not."""
START_UP = "start-up"
WAIT_SECONDS = 240


class Kill(NamedTuple):
    moment: str
    role: str


def plan(kills: int, seed: int) -> list[Kill]:
    """Every moment with every part, in a random order, over and over."""
    combinations = [Kill(*pair) for pair in product((*PAUSES, START_UP), ROLES)]
    np.random.default_rng(seed).shuffle(combinations)
    return [Kill(*pair) for pair in islice(cycle(combinations), kills)]


class UnderFire:
    """One process that is started again whenever it has ended."""

    def __init__(self, settings: Settings, folder: Path, module: str = "streaming") -> None:
        """folder: where the moments to wait at are asked for."""
        self._pauses = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.process = ScorerProcess(settings, module)
        self.process.pause(folder)
        self.starts = 0

    def wait_until(self, condition: Callable[[], object], what: str) -> None:
        """Until the condition holds, while the process is kept running."""

        def holds() -> object:
            self.keep_running()
            return condition()

        wait_until(holds, what, WAIT_SECONDS)

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
        asked = self._pauses / strike.moment
        asked.touch()
        reached = asked.with_name(f"{asked.name}.reached")
        self.wait_until(reached.exists, f"the moment {strike.moment}")
        kill(self.process.pid, strike.role)
        reached.unlink()
        asked.unlink()

    def __enter__(self) -> "UnderFire":
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing of it outlives the test, whatever failed."""
        if self.process.is_running():
            kill(self.process.pid, TREE)


def scorer_under_fire(
    settings: Settings,
    folder: Path,
    messages: Sequence[Message],
    kills: Sequence[Kill],
    models: Sequence[int],
    before: Callable[[int, Kill], None] = lambda number, kill: None,
) -> None:
    """The messages, a piece for each kill and a last one, all through the scorer; models take turns meanwhile.

    before: called ahead of each kill, with its number.
    """
    registry = Registry(settings)
    pieces = _pieces(messages, len(kills) + 1)
    versions = cycle(models)
    with UnderFire(settings, folder) as fire:
        for number, (strike, piece) in enumerate(zip(kills, pieces, strict=False)):
            before(number + 1, strike)
            if number % 3 == 0:  # and the kill comes while the scorer takes it over
                registry.set_alias(CHAMPION, next(versions))
            with fire.process.frozen():
                send(settings, piece)
            fire.strike(strike)
        with fire.process.frozen():
            send(settings, pieces[-1])
        fire.wait_until(lambda: _is_all_out(settings), "all predictions and dead letters")
        fire.process.end(signal.SIGTERM)


def _pieces(messages: Sequence[Message], count: int) -> list[list[Message]]:
    """As many messages one after another in each."""
    ordered = sorted(messages)
    bounds = np.linspace(0, len(ordered), count + 1).astype(int).tolist()
    return [ordered[first:end] for first, end in pairwise(bounds)]


def _is_all_out(settings: Settings) -> bool:
    result = outcome(settings)
    return result.lost + result.letters_lost == 0
