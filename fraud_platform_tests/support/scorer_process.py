"""The scorer as a process of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from fraud_platform.local.environment import service_environment
from fraud_platform.project_root import PROJECT_ROOT
from fraud_platform.settings import Settings
from fraud_platform_tests.support.log_tails import show_on_failure

HERE = Path(__file__).parent
AUDITING, PAUSING = HERE / "auditing", HERE.parent / "chaos" / "pausing"


def python_path(folder: Path) -> str:
    """PYTHONPATH with a folder in front, whose sitecustomize.py every Python process then runs."""
    return os.pathsep.join([str(folder), str(PROJECT_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])


class ScorerProcess:
    """`python -m streaming` under given settings."""

    def __init__(self, settings: Settings, module: str = "streaming") -> None:
        self.settings = settings
        self._environment = service_environment(settings)
        self._module = module
        self._process: subprocess.Popen[bytes] | None = None
        self._folder: Path | None = None

    def start(self) -> None:
        self.settings.log_dir.mkdir(parents=True, exist_ok=True)
        show_on_failure(self.settings.log_dir)
        with (self.settings.log_dir / "scorer.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", self._module],
                env=self._environment,
                cwd=self._folder,
                stdout=log,
                stderr=log,
            )

    def run_code_of(self, tree: Path) -> None:
        """Have it run the packages in another source tree."""
        self._environment |= {"PYTHONPATH": str(tree), "FRAUD_HOME": str(tree)}
        self._folder = tree

    def audit(self, log: Path) -> None:
        """Have all its Python processes write to the file what they unpickle, see auditing/sitecustomize.py."""
        self._environment |= {"PYTHONPATH": python_path(AUDITING), "AUDIT_LOG": str(log)}

    def pause(self, folder: Path, transaction_timeout_ms: int) -> None:
        """Have it wait where files in the folder say, see chaos/pausing/sitecustomize.py."""
        self._environment |= {"PYTHONPATH": python_path(PAUSING), "PAUSE_FOLDER": str(folder)}
        self._environment |= {"TRANSACTION_TIMEOUT_MS": str(transaction_timeout_ms)}

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """All its processes, if it runs, stand still meanwhile."""
        own = [psutil.Process(self.pid)] if self.is_running() else []
        processes = [*own, *(child for process in own for child in process.children(recursive=True))]
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.suspend()
        try:
            yield
        finally:
            for process in processes:
                with suppress(psutil.NoSuchProcess):
                    process.resume()

    def end(self, signum: int) -> int:
        """Send a signal and wait for the end; returns the exit code."""
        assert self._process is not None
        self._process.send_signal(signum)
        return self._process.wait(60)

    def exit_code(self) -> int | None:
        """None while it runs."""
        assert self._process is not None
        return self._process.poll()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None
