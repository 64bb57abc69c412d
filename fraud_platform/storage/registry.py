"""Model versions in MLflow: register a bundle, move aliases, fetch a version. Stages are not used."""

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from fraud_platform.errors import ModelError, ServiceUnavailableError
from fraud_platform.settings import Settings

if TYPE_CHECKING:
    from mlflow import MlflowClient

ARTIFACT_FOLDER = "bundle"
CHALLENGER, CHAMPION = "challenger", "champion"
MLFLOW_DEFAULTS = {
    # MLflow gives up after four minutes by default; a command should do so within a few seconds.
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}
"""The MLflow client is configured by environment variables only; those that are set already stay."""
NOT_FOUND = {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}
"""What MLflow answers where the registered model, or its alias, is not there."""


class Registry:
    """The versions of the one registered model, MODEL_NAME.

    Every method raises ServiceUnavailableError where MLflow does not answer within
    bounded retries, and ModelError where it refuses.
    """

    def __init__(self, settings: Settings) -> None:
        self._uri = settings.mlflow_tracking_uri
        self._name = settings.model_name
        self._folder = settings.data_dir / "models"
        """Of downloaded bundles, one sub-folder a version."""
        for name, value in MLFLOW_DEFAULTS.items():
            os.environ.setdefault(name, value)

    def register(self, bundle_folder: Path, run_id: str, description: str, tags: Mapping[str, str]) -> int:
        """Store a saved bundle with the run, as a new version under the alias `challenger`; returns the version."""
        with self._asked(f"register {bundle_folder}"):
            self._client.log_artifacts(run_id, str(bundle_folder), ARTIFACT_FOLDER)
            self._create_registered_model()
            created = self._client.create_model_version(
                self._name, f"runs:/{run_id}/{ARTIFACT_FOLDER}", run_id, dict(tags), description=description
            )
            self._client.set_registered_model_alias(self._name, CHALLENGER, created.version)
        return int(created.version)

    def version(self, alias: str) -> int | None:
        """The version that an alias points at; None where there is none."""
        from mlflow.exceptions import RestException

        with self._asked(f"look up the alias {alias}"):
            try:
                return int(self._client.get_model_version_by_alias(self._name, alias).version)
            except RestException as error:
                if error.error_code in NOT_FOUND:
                    return None
                raise

    def set_alias(self, alias: str, version: int) -> None:
        """Point an alias at a version."""
        with self._asked(f"set the alias {alias} to version {version}"):
            self._client.set_registered_model_alias(self._name, alias, str(version))

    def delete_alias(self, alias: str) -> None:
        """Remove an alias; nothing happens where it is not set."""
        with self._asked(f"delete the alias {alias}"):
            self._client.delete_registered_model_alias(self._name, alias)

    def tags(self, version: int) -> dict[str, str]:
        """Tags of a version."""
        with self._asked(f"read version {version}"):
            return dict(self._client.get_model_version(self._name, str(version)).tags)

    def set_tags(self, version: int, tags: Mapping[str, str]) -> None:
        """Add tags to a version, or change them."""
        with self._asked(f"tag version {version}"):
            for name, value in tags.items():
                self._client.set_model_version_tag(self._name, str(version), name, value)

    def download(self, version: int) -> Path:
        """Folder with the bundle of a version, fetched once.

        The folder's name holds the run, too: after a reset of MLflow version 1 is another
        model. It appears whole or not at all, also with two processes at it.
        """
        with self._asked(f"download version {version}"):
            run_id = str(self._client.get_model_version(self._name, str(version)).run_id)
            target = self._folder / f"{self._name}-{version}-{run_id}"
            if not target.exists():
                self._folder.mkdir(parents=True, exist_ok=True)
                with tempfile.TemporaryDirectory(prefix=".download-", dir=self._folder) as folder:
                    _move_into_place(Path(self._client.download_artifacts(run_id, ARTIFACT_FOLDER, folder)), target)
        return target

    def downloaded(self, version: int) -> Path | None:
        """The version's folder where `download` was here before, without asking MLflow."""
        folders = self._folder.glob(f"{self._name}-{version}-*")
        return max(folders, key=lambda folder: folder.stat().st_mtime, default=None)

    @cached_property
    def _client(self) -> "MlflowClient":
        """MLflow takes seconds to import, so commands that never ask it do not wait for it."""
        from mlflow import MlflowClient

        return MlflowClient(self._uri, self._uri)

    def _create_registered_model(self) -> None:
        from mlflow.exceptions import RestException

        try:
            self._client.create_registered_model(self._name)
        except RestException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise

    @contextmanager
    def _asked(self, action: str) -> Iterator[None]:
        from mlflow.exceptions import MlflowException, RestException
        from requests.exceptions import RequestException

        try:
            yield
        except RestException as error:
            raise ModelError(f"MLflow refused to {action} of {self._name}: {error.message}") from error
        except (MlflowException, RequestException) as error:
            raise ServiceUnavailableError(
                f"MLflow at MLFLOW_TRACKING_URI={self._uri} does not answer: "
                "start a local one with 'fraud up', or correct MLFLOW_TRACKING_URI"
            ) from error


def _move_into_place(downloaded: Path, target: Path) -> None:
    try:
        downloaded.rename(target)
    except OSError:
        # Another process was first; a version never changes, so its copy is as good.
        if not target.exists():
            raise
