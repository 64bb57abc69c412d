"""Where the embedded stack keeps its files, under DATA_DIR and LOG_DIR."""

import hashlib
import tempfile
from pathlib import Path

from fraud_platform.settings import Settings

LONGEST_SOCKET_PATH = 100
"""Bytes; the operating systems' limit on a Unix socket's path is 104 (macOS) to 108 (Linux)."""


class StackPaths:
    """The folders and files of one stack; two stacks with different DATA_DIRs share nothing."""

    def __init__(self, settings: Settings) -> None:
        self.data = settings.data_dir.resolve()
        self.logs = settings.log_dir.resolve()
        self.run = self.data / "run"
        self.kafka = self.data / "kafka"
        self.mlflow = self.data / "mlflow"
        self.dagster_home = self.data / "dagster_home"
        self.supervisor_config = self.run / "supervisord.conf"
        self.lock = self.run / "lock"
        self.workspace = self.run / "workspace.yaml"

    @property
    def supervisor_socket(self) -> Path:
        """In the run folder; in the temporary folder where that path is too long for a socket."""
        path = self.run / "supervisor.sock"
        if len(str(path).encode()) <= LONGEST_SOCKET_PATH:
            return path
        digest = hashlib.sha256(str(self.run).encode()).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"fraud-{digest}.sock"

    def log(self, service: str) -> Path:
        return self.logs / f"{service}.log"

    def create(self) -> None:
        for folder in (self.run, self.kafka, self.mlflow, self.dagster_home, self.logs):
            folder.mkdir(parents=True, exist_ok=True)
