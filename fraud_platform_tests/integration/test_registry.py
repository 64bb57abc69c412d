"""The registry against a real MLflow server."""

from pathlib import Path

import pytest
from mlflow import MlflowClient

from fraud_platform.errors import ModelError, ServiceUnavailableError
from fraud_platform.settings import Settings
from fraud_platform.storage.registry import CHALLENGER, CHAMPION, Registry

pytestmark = pytest.mark.integration


@pytest.fixture
def settings(mlflow_server, make_settings) -> Settings:
    """Each test has a registered model of its own."""
    return make_settings()


@pytest.fixture
def registry(settings) -> Registry:
    return Registry(settings)


@pytest.fixture
def folder(tmp_path) -> Path:
    """The registry does not look into a bundle, so any files will do."""
    bundle = tmp_path / "saved"
    bundle.mkdir()
    (bundle / "model.cbm").write_bytes(b"\x00model")
    (bundle / "bundle.json").write_text("{}")
    return bundle


@pytest.fixture
def run_id(settings) -> str:
    return MlflowClient(settings.mlflow_tracking_uri).create_run("0").info.run_id


def test_a_registered_bundle_is_the_challenger_and_comes_back_as_it_was(registry, folder, run_id):
    version = registry.register(folder, run_id, "first", {"feature_set": "abc"})
    assert version == 1 and registry.version(CHALLENGER) == 1
    assert registry.tags(version) == {"feature_set": "abc"}
    downloaded = registry.download(version)
    assert {path.name: path.read_bytes() for path in downloaded.iterdir()} == {
        path.name: path.read_bytes() for path in folder.iterdir()
    }


def test_aliases_move_and_go(registry, folder, run_id):
    assert registry.version(CHAMPION) is None
    first, second = (registry.register(folder, run_id, "", {}) for _ in range(2))
    registry.set_alias(CHAMPION, first)
    assert (registry.version(CHAMPION), registry.version(CHALLENGER)) == (first, second)
    registry.set_alias(CHAMPION, second)
    assert registry.version(CHAMPION) == second
    registry.delete_alias(CHAMPION)
    registry.delete_alias(CHAMPION)
    assert registry.version(CHAMPION) is None


def test_a_version_is_downloaded_once(registry, folder, run_id, settings):
    version = registry.register(folder, run_id, "", {})
    first = registry.download(version)
    (first / "marker").touch()
    assert registry.download(version) == first and (first / "marker").exists()
    assert list((settings.data_dir / "models").iterdir()) == [first], "nothing half-downloaded is left"


def test_a_version_that_is_not_there_is_refused_by_name(registry, folder, run_id, settings):
    registry.register(folder, run_id, "", {})
    with pytest.raises(ModelError, match=f"download version 99 of {settings.model_name}"):
        registry.download(99)


def test_an_absent_server_is_one_clear_line(make_settings):
    absent = Registry(make_settings(mlflow_tracking_uri="http://127.0.0.1:9"))
    with pytest.raises(ServiceUnavailableError, match=r"MLFLOW_TRACKING_URI=http://127\.0\.0\.1:9 does not answer"):
        absent.version(CHAMPION)
