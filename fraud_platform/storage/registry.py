"""Model versions in MLflow: register a bundle, move aliases, fetch a version. Stages are not used."""

import logging
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from fraud_platform.errors import BundleError
from fraud_platform.settings import Settings
from fraud_platform.storage.bundle_folder import bundle_digest
from fraud_platform.storage.mlflow_errors import NOT_THERE, mlflow_failure
from fraud_platform.storage.mlflow_model import describe

if TYPE_CHECKING:
    from mlflow import MlflowClient

log = logging.getLogger(__name__)

ARTIFACT_FOLDER = "bundle"
BUNDLE_DIGEST = "bundle_digest"
"""Tag of a version: the digest that its bundle had when it was registered."""
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


class Registry:
    """The versions of the one registered model, MODEL_NAME.

    Every method raises ServiceUnavailableError where MLflow does not answer within
    bounded retries, AccessDeniedError where it refuses the login, and ModelError for a
    version that is not there.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._uri = settings.mlflow_tracking_uri
        self._name = settings.model_name
        self._folder = settings.data_dir / "models"
        """Of downloaded bundles, one sub-folder a version."""
        for name, value in MLFLOW_DEFAULTS.items():
            os.environ.setdefault(name, value)

    def register(self, bundle_folder: Path, run_id: str, description: str, tags: Mapping[str, str]) -> int:
        """Store a saved bundle with the run, as a new version without an alias; returns the version.

        What MLflow shows of a model, and loads it by, is written beside the bundle's own files.
        """
        digest = bundle_digest(bundle_folder)
        describe(bundle_folder)
        with self._asked(f"register {bundle_folder}"):
            self._client.log_artifacts(run_id, str(bundle_folder), ARTIFACT_FOLDER)
            self._create_registered_model()
            created = self._client.create_model_version(
                self._name,
                f"runs:/{run_id}/{ARTIFACT_FOLDER}",
                run_id,
                {**tags, BUNDLE_DIGEST: digest},
                description=description,
            )
        return int(created.version)

    def version(self, alias: str) -> int | None:
        """The version that an alias points at; None where there is none."""
        from mlflow.exceptions import RestException

        with self._asked(f"look up the alias {alias}"):
            try:
                return int(self._client.get_model_version_by_alias(self._name, alias).version)
            except RestException as error:
                if error.error_code in NOT_THERE:
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

    def take_alias(self, alias: str, version: int) -> bool:
        """Remove an alias if it is the version's; returns whether it was."""
        if is_its_own := self.version(alias) == version:
            self.delete_alias(alias)
        return is_its_own

    def tags(self, version: int) -> dict[str, str]:
        """Tags of a version."""
        with self._asked(f"read version {version}"):
            return dict(self._client.get_model_version(self._name, str(version)).tags)

    def set_tags(self, version: int, tags: Mapping[str, str]) -> None:
        """Add tags to a version, or change them."""
        with self._asked(f"tag version {version}"):
            for name, value in tags.items():
                self._client.set_model_version_tag(self._name, str(version), name, value)

    def delete_tag(self, version: int, name: str) -> None:
        """Remove a tag of a version; nothing happens where it has none of that name."""
        if name in self.tags(version):
            with self._asked(f"remove the tag {name} from version {version}"):
                self._client.delete_model_version_tag(self._name, str(version), name)

    def download(self, version: int) -> Path:
        """Folder with the bundle of a version, fetched once, or again where the copy is damaged.

        The folder's name holds the run, too: after a reset of MLflow version 1 is another
        model. It appears whole or not at all, also with two processes at it. Raises
        BundleError where what MLflow has is not what was registered.
        """
        with self._asked(f"download version {version}"):
            found = self._client.get_model_version(self._name, str(version))
            digest = found.tags.get(BUNDLE_DIGEST)  # none on what a release before 0.2 registered
            target = self._folder / f"{self._name}-{version}-{found.run_id}"
            if target.exists():
                try:
                    bundle_digest(target, digest)
                    return target
                except BundleError as error:
                    log.warning("%s; it is fetched again", error)
            self._fetch(str(found.run_id), target)
        bundle_digest(target, digest)
        return target

    def downloaded(self, version: int) -> Path | None:
        """The version's folder where `download` was here before, without asking MLflow."""
        folders = self._folder.glob(f"{self._name}-{version}-*")
        return max(folders, key=lambda folder: folder.stat().st_mtime, default=None)

    def _fetch(self, run_id: str, target: Path) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".download-", dir=self._folder) as folder:
            _move_into_place(self._fetched(run_id, folder), target)

    def _fetched(self, run_id: str, folder: str) -> Path:
        """The bundle, downloaded into the folder.

        MLflow says that artifacts are not there whatever kept it from downloading them. Its list of them fails with
        the cause, so only an empty list means that they are not there.
        """
        from mlflow.exceptions import MlflowException

        try:
            return Path(self._client.download_artifacts(run_id, ARTIFACT_FOLDER, folder))
        except MlflowException as error:
            if self._client.list_artifacts(run_id, ARTIFACT_FOLDER):
                raise MlflowException("it lists the files and does not give them") from error
            raise

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
        from mlflow.exceptions import MlflowException
        from requests.exceptions import RequestException

        try:
            yield
        except (MlflowException, RequestException) as error:
            raise mlflow_failure(self._settings, error, action) from error


def _move_into_place(downloaded: Path, target: Path) -> None:
    """Replace what stands at the target; a reader sees the old folder, none, or the new one."""
    with tempfile.TemporaryDirectory(prefix=".damaged-", dir=target.parent) as folder:
        with suppress(FileNotFoundError):
            target.rename(Path(folder) / "bundle")
        try:
            downloaded.rename(target)
        except OSError:
            # Another process was first; a version never changes, so its copy is as good.
            if not target.exists():
                raise
