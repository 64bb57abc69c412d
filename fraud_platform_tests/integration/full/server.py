"""Servers of the full suite: found on this machine, started on loopback, ended with the test run."""

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from fraud_platform_tests.support.waiting import wait_until


def program(name: str, package: str, folders: Sequence[Path] = ()) -> str:
    """Path of a program; without it a test is skipped, and fails in CI, where .ci/run installs it."""
    found = shutil.which(name, path=os.pathsep.join([os.environ["PATH"], *map(str, folders)]))
    if found is None:
        reason = f"{name} is not installed (Debian: {package})"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    return found


class Server:
    """A process that can be ended and started again, as a restart or an outage of its machine would."""

    def __init__(
        self,
        command: Sequence[str],
        is_ready: Callable[[], object],
        log: Path,
        environment: Mapping[str, str] | None = None,
        user: str | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
    ) -> None:
        """user: whom it runs as, where the tests run as root."""
        # The server dies with the test run, even where that is killed.
        wrapper = [program("setpriv", "util-linux"), "--pdeathsig", "KILL"]
        if user and os.geteuid() == 0:
            wrapper += ["--reuid", user, "--regid", user, "--clear-groups"]
        self._command = [*wrapper, *command]
        self._is_ready = is_ready
        self._log = log
        self._environment = {**os.environ, **(environment or {})}
        self._stop_signal = stop_signal
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, env=self._environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        wait_until(self._ready_or_ended, f"{self._command[-1]}: see {self._log}")

    def stop(self, signum: signal.Signals | None = None) -> None:
        if self._process is not None:
            self._process.send_signal(signum or self._stop_signal)
            self._process.wait(60)
            self._process = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @contextmanager
    def away(self) -> Iterator[None]:
        """The server is gone for the length of the block, and back after it."""
        self.stop()
        try:
            yield
        finally:
            self.start()

    def _ready_or_ended(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, f"ended at its start:\n{self._log.read_text()[-2000:]}"
        return bool(self._is_ready())


@contextmanager
def running(server: Server) -> Iterator[Server]:
    """The server, started, for the length of the block."""
    server.start()
    try:
        yield server
    finally:
        server.stop()
