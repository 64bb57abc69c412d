"""The scorer as a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

from fraud_platform.local.environment import service_environment
from fraud_platform.settings import Settings

AUDITING = Path(__file__).parent / "auditing"


class ScorerProcess:
    """`python -m streaming` under given settings."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._environment = service_environment(settings)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.settings.log_dir.mkdir(parents=True, exist_ok=True)
        with (self.settings.log_dir / "scorer.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "streaming"], env=self._environment, stdout=log, stderr=log
            )

    def audit(self, log: Path) -> None:
        """Have all its Python processes write to the file what they unpickle, see auditing/sitecustomize.py."""
        path = [str(AUDITING), *filter(None, [os.environ.get("PYTHONPATH")])]
        self._environment |= {"PYTHONPATH": os.pathsep.join(path), "AUDIT_LOG": str(log)}

    def end(self, signum: int) -> int:
        """Send a signal and wait for the end; returns the exit code."""
        assert self._process is not None
        self._process.send_signal(signum)
        return self._process.wait(60)

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None
