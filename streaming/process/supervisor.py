"""Keeps a driver running: starts it, starts it again after a failure, and ends with it. Knows no Spark."""

import json
import logging
import os
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from queue import Empty, SimpleQueue
from types import FrameType
from typing import Any

from prometheus_client import generate_latest

from streaming.metrics import metrics
from streaming.process.exit_code import FINAL_EXIT_CODE

log = logging.getLogger("streaming")

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 60.0
LOOK_SECONDS = 1.0
STEADY_SECONDS = 60.0
"""A driver that ran for so long, or wrote a batch, starts the count of failures anew."""


class RestartBudget:
    """How often in a row a driver is started again, and after which pause, which doubles each time."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.used = 0

    def pause_after(self, ran_seconds: float, *, made_progress: bool = False) -> float | None:
        """Seconds to wait before the next start; None where the budget is spent."""
        if made_progress or ran_seconds >= STEADY_SECONDS:
            self.used = 0
        if self.used >= self.most:
            return None
        self.used += 1
        return min(FIRST_PAUSE_SECONDS * 2 ** (self.used - 1), LONGEST_PAUSE_SECONDS)


class ChildProcess:
    """One run of the driver, and the last that it told through its status pipe."""

    def __init__(self, command: Sequence[str]) -> None:
        read, write = os.pipe()
        self.started = self._heard = time.monotonic()
        try:
            self.process = subprocess.Popen([*command, str(write)], pass_fds=[write])
        finally:
            os.close(write)
        self.health: dict[str, Any] | None = None
        self.metrics = ""
        self._error: str | None = None
        self._reader = threading.Thread(target=self._read, args=(read,), name="driver-status", daemon=True)
        self._reader.start()

    def _read(self, pipe: int) -> None:
        with open(pipe) as lines:
            for line in lines:
                if not line.endswith("\n"):  # killed while it wrote
                    break
                self._heard = time.monotonic()
                told = json.loads(line)
                self.health = told.get("health", self.health)
                self.metrics = told.get("metrics", self.metrics)
                self._error = told.get("error", self._error)

    @property
    def stalled_seconds(self) -> float:
        """For how long it has said nothing, or read nothing of what waits; 0 before its first word."""
        if self.health is None:
            return 0
        return max(time.monotonic() - self._heard, self.health.get("stalled_seconds", 0))

    def kill(self, why: str) -> None:
        self._error = why
        self.process.kill()

    def wait(self) -> int:
        """Its exit code, once it has ended and all that it told is read."""
        code = self.process.wait()
        self._reader.join(5)
        return code

    @property
    def error(self) -> str:
        """Why it ended, in one line."""
        code = self.process.returncode
        if self._error:
            return self._error
        return f"killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"


class Supervisor:
    """Runs one driver at a time until a signal, an error that is final, or too many failures in a row."""

    def __init__(self, command: Sequence[str], max_restarts: int, stall_seconds: float = 0) -> None:
        """stall_seconds: a driver that stands still for longer is killed; 0: never."""
        self._command = command
        self._stall_seconds = stall_seconds
        self._budget = RestartBudget(max_restarts)
        # A put into it is safe in a signal handler.
        self._events: SimpleQueue[int | ChildProcess] = SimpleQueue()
        self._child: ChildProcess | None = None
        self._restarts = 0
        self._last_error: str | None = None

    def handle_signals(self) -> None:
        for signum in (signal.SIGTERM, signal.SIGINT):
            signal.signal(signum, self._on_signal)

    def _on_signal(self, signum: int, _: FrameType | None) -> None:
        self._events.put(signum)

    def run(self) -> int:
        """The exit code: 0 after a signal, else that of the last driver."""
        while True:
            if (code := self._run_once()) is not None:
                return code

    def _run_once(self) -> int | None:
        """One driver from start to end, and the pause before the next; the exit code where there is none."""
        child = self._child = ChildProcess(self._command)
        threading.Thread(target=self._watch, args=(child,), name="driver-end", daemon=True).start()
        event = self._first_event(child)
        if not isinstance(event, ChildProcess):
            return self._stop(child, event)
        self._child = None
        code = child.process.returncode
        if code == 0:
            return 0
        self._last_error = child.error
        metrics.LAST_FAILURE.set_to_current_time()
        # The driver has logged its own line; its exit code says whether a restart is of use.
        if code == FINAL_EXIT_CODE:
            return code
        return self._pause(child)

    def _first_event(self, child: ChildProcess) -> "int | ChildProcess":
        """The driver's end, or a signal before it. A driver that hangs is killed."""
        while True:
            try:
                return self._events.get(timeout=LOOK_SECONDS)
            except Empty:
                if self._stall_seconds and child.stalled_seconds > self._stall_seconds:
                    child.kill(f"it did not move for over SCORER_STALL_SECONDS={self._stall_seconds:g}")

    def _watch(self, child: ChildProcess) -> None:
        child.wait()
        self._events.put(child)

    def _pause(self, failed: ChildProcess) -> int | None:
        made_progress = bool((failed.health or {}).get("batches"))
        pause = self._budget.pause_after(time.monotonic() - failed.started, made_progress=made_progress)
        if pause is None:
            log.error("the scorer gives up after %s restarts in a row: %s", self._budget.used, self._last_error)
            return 1
        log.warning(
            "the driver failed (%s); start %s of %s in %g s",
            self._last_error,
            self._budget.used,
            self._budget.most,
            pause,
        )
        try:
            self._events.get(timeout=pause)
        except Empty:
            self._restarts += 1
            metrics.RESTARTS.inc()
            return None
        return 0  # a signal

    def _stop(self, child: ChildProcess, signum: int) -> int:
        """Pass the signal on and wait for the end; a second signal does not wait for the batch."""
        child.process.send_signal(signum)
        while not isinstance(self._events.get(), ChildProcess):
            child.process.kill()
        code = child.process.returncode
        # Before its handlers stood, the signal itself has ended it.
        return 0 if code in (0, -signum) or code == -signal.SIGKILL else code

    def health(self) -> dict[str, Any]:
        """The /health document: the driver's own, and what became of those before it."""
        child = self._child
        told = child.health if child else None
        state = "restarting" if child is None else "starting" if told is None else "running"
        return {
            "healthy": False,
            **(told or {}),
            "state": state,
            "restarts": self._restarts,
            "last_error": self._last_error,
        }

    def metrics(self) -> bytes:
        """The /metrics page: the supervisor's own, and the driver's as it told them last."""
        child = self._child
        metrics.DRIVER_UP.set(child is not None and child.health is not None)
        return generate_latest(metrics.SUPERVISOR) + (child.metrics.encode() if child else b"")
