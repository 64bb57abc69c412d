"""The scorer as a process of its own."""

import subprocess
import sys

from fraud_platform.local.environment import service_environment
from fraud_platform.settings import Settings


class ScorerProcess:
    """`python -m streaming` under given settings."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.settings.log_dir.mkdir(parents=True, exist_ok=True)
        with (self.settings.log_dir / "scorer.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "streaming"], env=service_environment(self.settings), stdout=log, stderr=log
            )

    def end(self, signum: int) -> int:
        """Send a signal and wait for the end; returns the exit code."""
        assert self._process is not None
        self._process.send_signal(signum)
        return self._process.wait(60)

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None
