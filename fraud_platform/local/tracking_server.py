"""The embedded MLflow server: SQLite and a folder of artifacts behind its proxy."""

import sys

from fraud_platform.local.paths import StackPaths
from fraud_platform.settings import Settings


def tracking_server_command(port: int) -> list[str]:
    """MLflow's ASGI application under uvicorn.

    This is the process that `mlflow server` starts (mlflow 3.17, mlflow/server/__init__.py,
    `_run_server`). Left out is the parent, which imports MLflow a second time only to wait:
    10 s of processor time at start and 270 MB.
    """
    app = "mlflow.server.fastapi_app:app"
    return [sys.executable, "-m", "uvicorn", app, "--host", "127.0.0.1", "--port", str(port), "--no-access-log"]


def tracking_server_environment(settings: Settings) -> dict[str, str]:
    """What `mlflow server` would set for its worker. The store creates its tables on first use."""
    folder = StackPaths(settings).mlflow
    return {
        "_MLFLOW_SERVER_FILE_STORE": f"sqlite:///{folder / 'mlflow.db'}",
        "_MLFLOW_SERVER_ARTIFACT_ROOT": "mlflow-artifacts:/",
        "_MLFLOW_SERVER_ARTIFACT_DESTINATION": str(folder / "artifacts"),
        "_MLFLOW_SERVER_SERVE_ARTIFACTS": "true",
        "_MLFLOW_SGI_NAME": "uvicorn",
    }
