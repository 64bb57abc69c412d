"""The environment of the processes that the stack starts: settings travel in it, never on a command line."""

import os
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from fraud_platform.local.paths import StackPaths
from fraud_platform.project_root import PROJECT_ROOT
from fraud_platform.settings import Settings

MARKER = "FRAUD_STACK"
"""Set to the stack's run folder in all its processes, so that orphans can be told from others' processes."""


SERVICE_MARKER = "FRAUD_SERVICE"
"""Name of the service that a process belongs to."""


def belongs_to_stack(paths: StackPaths) -> bool:
    """Whether this process is the stack's: one of its services, or started by one, as a Dagster run is."""
    return os.environ.get(MARKER) == str(paths.run)


def environment(settings: Settings) -> dict[str, str]:
    """Every setting under its environment name; a `Settings()` built under it equals this one."""
    values = settings.model_dump(mode="python")
    return {name.upper(): _text(value) for name, value in values.items()}


def service_environment(settings: Settings) -> dict[str, str]:
    """What a service of the stack runs under: this process's environment, the settings, and no telemetry."""
    paths = StackPaths(settings)
    return {
        **os.environ,
        **environment(settings),
        MARKER: str(paths.run),
        "FRAUD_HOME": str(PROJECT_ROOT),
        "DAGSTER_HOME": str(paths.dagster_home),
        "PYTHONUNBUFFERED": "1",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        # Asynchronous judges of language models: three idle processes that fraud detection has no use for.
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "GIT_PYTHON_REFRESH": "quiet",
    }


def _text(value: Any) -> str:
    # An empty variable counts as not set (Settings.env_ignore_empty).
    if value is None:
        return ""
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (str, int, float, Path)):
        return str(value)
    raise TypeError(f"a setting of type {type(value).__name__} has no form in the environment")
