"""What the demo runs on: the embedded stack of DATA_DIR, or docker-compose.yml as a project of its own."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from fraud_platform.errors import ConfigurationError
from fraud_platform.local.compose import docker_compose
from fraud_platform.local.environment import environment
from fraud_platform.local.stack import Stack
from fraud_platform.settings import Settings
from fraud_platform.storage.kafka import create_topics

MARKER = ".demo"
PROJECT = "fraud-platform-demo"
"""Compose project of the demo: its volumes are its own, so that it never begins by deleting another's."""
READY_SECONDS = 900
Say = Callable[[str], None]


class DemoStack(Protocol):
    """Empty at first; then all but the scorer, then the scorer; in the end nothing of it runs."""

    how_to_stop: str

    def clear(self, say: Say) -> None:
        """Stop and delete what a former demo left; raises ConfigurationError where it holds anything else."""

    def start_all_but_the_scorer(self, say: Say) -> None:
        """Returns once Kafka, with its topics, MLflow and Dagster answer."""

    def start_scorer(self) -> None:
        """Returns once the scorer waits for a model."""

    def down(self) -> object:
        """Stop everything."""


class EmbeddedStack:
    """Processes of this machine, with their files in DATA_DIR."""

    how_to_stop = "fraud down"

    def __init__(self, settings: Settings) -> None:
        self._folder = settings.data_dir
        self._stack = Stack(settings)

    def clear(self, say: Say) -> None:
        if forget_former_demo(self._folder):
            if self._stack.is_supervised():
                say(f"a former demo still runs: it is stopped, and its data in {self._folder} deleted")
            self._stack.down()
            shutil.rmtree(self._folder)
        self._folder.mkdir(parents=True, exist_ok=True)
        (self._folder / MARKER).touch()

    def start_all_but_the_scorer(self, say: Say) -> None:
        self._stack.up(("kafka", "mlflow", "daemon"), lambda name, state: say(f"{name}: {state}"))

    def start_scorer(self) -> None:
        self._stack.up()

    def down(self) -> object:
        return self._stack.down()


class ComposeStack:
    """Containers of docker-compose.yml; the demo itself reaches them at the published ports."""

    how_to_stop = f"docker compose --project-name {PROJECT} down --volumes"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def clear(self, say: Say) -> None:
        self._compose("down", "--volumes")

    def start_all_but_the_scorer(self, say: Say) -> None:
        say("containers of Kafka, PostgreSQL, MinIO, MLflow and Dagster")
        self._up("kafka", "mlflow", "dagster-daemon")
        create_topics(self._settings)

    def start_scorer(self) -> None:
        self._up("scorer")

    def down(self) -> object:
        # The volumes stay, to be looked at, until the next demo.
        return self._compose("down")

    def _up(self, *services: str) -> None:
        self._compose("up", "--detach", "--wait", "--wait-timeout", str(READY_SECONDS), *services)

    def _compose(self, *arguments: str) -> str:
        # Settings that the demo changes reach the containers as .env would.
        chosen = {"STARTING_OFFSETS": environment(self._settings)["STARTING_OFFSETS"]}
        return docker_compose("--project-name", PROJECT, *arguments, environment=chosen)


def forget_former_demo(data_dir: Path) -> bool:
    """Whether the folder holds a former demo; raises ConfigurationError where it holds anything else."""
    if not data_dir.exists() or not any(data_dir.iterdir()):
        return False
    if not (data_dir / MARKER).exists():
        raise ConfigurationError(
            f"{data_dir} has data, and the demo starts from nothing: "
            "remove it with 'make clean', or point DATA_DIR elsewhere"
        )
    return True
