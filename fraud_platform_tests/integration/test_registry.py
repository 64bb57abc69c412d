"""The registry against a real MLflow server."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from mlflow import MlflowClient

from fraud_platform.core.model_bundle import MODEL
from fraud_platform.errors import AccessDeniedError, BundleError, ModelError, ServiceUnavailableError
from fraud_platform.operations.aliases import CANARY, CHALLENGER, CHAMPION
from fraud_platform.settings import Settings
from fraud_platform.storage.bundle_folder import MANIFEST, bundle_digest, save_bundle
from fraud_platform.storage.registry import ARTIFACT_FOLDER, BUNDLE_DIGEST, Registry
from fraud_platform_tests.support import bundles

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
    return save_bundle(bundles.bundle(), tmp_path / "saved")


@pytest.fixture
def run_id(settings) -> str:
    return MlflowClient(settings.mlflow_tracking_uri).create_run("0").info.run_id


def test_a_registered_bundle_has_no_alias_and_comes_back_as_it_was(registry, folder, run_id):
    version = registry.register(folder, run_id, "first", {"feature_set": "abc"})
    assert version == 1
    assert [registry.version(alias) for alias in (CHALLENGER, CANARY, CHAMPION)] == [None] * 3
    assert registry.tags(version) == {"feature_set": "abc", BUNDLE_DIGEST: bundle_digest(folder)}
    downloaded = registry.download(version)
    assert {path.name: path.read_bytes() for path in downloaded.iterdir()} == {
        path.name: path.read_bytes() for path in folder.iterdir()
    }


def test_aliases_move_and_go(registry, folder, run_id):
    assert registry.version(CHAMPION) is None
    first, second = (registry.register(folder, run_id, "", {}) for _ in range(2))
    for version in (first, second):
        registry.set_alias(CHAMPION, version)
        assert registry.version(CHAMPION) == version
    assert not registry.take_alias(CHAMPION, first), "it is the other one's"
    assert registry.version(CHAMPION) == second
    assert registry.take_alias(CHAMPION, second)
    registry.delete_alias(CHAMPION)
    assert registry.version(CHAMPION) is None


def test_tags_come_and_go(registry, folder, run_id):
    version = registry.register(folder, run_id, "", {})
    registry.set_tags(version, {"gate": "passed"})
    assert registry.tags(version)["gate"] == "passed"
    registry.delete_tag(version, "gate")
    registry.delete_tag(version, "gate")
    assert "gate" not in registry.tags(version)


def test_a_version_is_downloaded_once(registry, folder, run_id, settings):
    version = registry.register(folder, run_id, "", {})
    first = registry.download(version)
    (first / "marker").touch()
    assert registry.download(version) == first and (first / "marker").exists()
    assert list((settings.data_dir / "models").iterdir()) == [first], "nothing half-downloaded is left"


def cut(bundle: Path) -> None:
    (bundle / MODEL).write_bytes(b"")


def lose_a_file(bundle: Path) -> None:
    (bundle / MANIFEST).unlink()


def swap(bundle: Path) -> None:
    """A whole other bundle, which vouches for itself."""
    save_bundle(bundles.bundle(2), bundle)


@pytest.mark.parametrize("damage", [cut, lose_a_file, swap])
def test_a_damaged_copy_is_fetched_again(registry, folder, run_id, settings, damage):
    version = registry.register(folder, run_id, "", {})
    copy = registry.download(version)
    damage(copy)
    assert bundle_digest(registry.download(version)) == bundle_digest(folder)
    assert list((settings.data_dir / "models").iterdir()) == [copy], "the damaged one is gone"


def test_what_mlflow_has_must_be_what_was_registered(registry, folder, run_id, settings, tmp_path):
    version = registry.register(folder, run_id, "", {})
    swapped = save_bundle(bundles.bundle(2), tmp_path / "swapped")
    MlflowClient(settings.mlflow_tracking_uri).log_artifacts(run_id, str(swapped), ARTIFACT_FOLDER)
    with pytest.raises(BundleError, match="is not the one that was registered"):
        registry.download(version)


def test_a_version_of_a_release_without_digests_is_taken_as_it_is(registry, folder, run_id):
    version = registry.register(folder, run_id, "", {})
    registry.delete_tag(version, BUNDLE_DIGEST)
    assert bundle_digest(registry.download(version)) == bundle_digest(folder)


def test_a_version_that_is_not_there_is_refused_by_name(registry, folder, run_id, settings):
    registry.register(folder, run_id, "", {})
    with pytest.raises(ModelError, match=f"download version 99 of {settings.model_name}"):
        registry.download(99)


def test_an_absent_server_is_one_clear_line(make_settings):
    absent = Registry(make_settings(mlflow_tracking_uri="http://127.0.0.1:9"))
    with pytest.raises(ServiceUnavailableError, match=r"MLFLOW_TRACKING_URI=http://127\.0\.0\.1:9 does not answer"):
        absent.version(CHAMPION)


@pytest.mark.parametrize(
    ("status", "body", "error", "message"),
    [
        (401, b"You are not authenticated.", AccessDeniedError, "HTTP status 401: set MLFLOW_TRACKING_USERNAME"),
        (403, b'{"error_code": "PERMISSION_DENIED", "message": "no"}', AccessDeniedError, "HTTP status 403"),
        (404, b"<html>nginx</html>", ServiceUnavailableError, "HTTP status 404"),
        (400, b'{"error_code": "BAD_REQUEST", "message": "odd"}', ServiceUnavailableError, "odd"),
        (500, b'{"error_code": "INTERNAL_ERROR", "message": "disk full"}', ServiceUnavailableError, "HTTP status 500"),
        (200, b"<html>a login page</html>", ServiceUnavailableError, "not in a valid JSON format"),
    ],
)
def test_what_mlflow_refuses_is_said_as_it_is(make_settings, monkeypatch, status, body, error, message):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with answering(status, body) as url, pytest.raises(error) as raised:
        Registry(make_settings(mlflow_tracking_uri=url)).version(CHAMPION)
    assert message in str(raised.value) and len(str(raised.value)) < 600


@contextmanager
def answering(status: int, body: bytes) -> Iterator[str]:
    """The address of a server that gives every request the same answer."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
