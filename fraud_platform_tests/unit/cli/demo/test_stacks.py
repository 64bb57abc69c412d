"""Where the demo runs, and what it refuses to delete."""

from pathlib import Path

import pytest

from fraud_platform.cli.demo.stacks import MARKER, PROJECT, ComposeStack, EmbeddedStack
from fraud_platform.errors import ConfigurationError, ServiceUnavailableError
from fraud_platform.settings import Settings
from fraud_platform_tests.support.fake_program import install

DOCKER = """#!/bin/sh
echo "$STARTING_OFFSETS $*" >>"$0.log"
[ "$4" != "$FAILS" ] || { echo "port is already allocated" >&2; exit 1; }
"""


@pytest.fixture
def docker_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `docker` that writes down what it is asked; `FAILS` names the command that fails."""
    install(tmp_path, monkeypatch, "docker", DOCKER)
    return tmp_path / "docker.log"


def _settings(folder: Path) -> Settings:
    return Settings(_env_file=None, data_dir=folder, starting_offsets="earliest")


def test_data_that_no_demo_made_is_not_deleted(tmp_path: Path) -> None:
    (tmp_path / "lake").mkdir()
    with pytest.raises(ConfigurationError, match="has data, and the demo starts from nothing"):
        EmbeddedStack(_settings(tmp_path)).clear(print)
    assert (tmp_path / "lake").exists()


def test_what_a_former_demo_left_is_deleted(tmp_path: Path) -> None:
    (tmp_path / MARKER).touch()
    (tmp_path / "lake").mkdir()
    EmbeddedStack(_settings(tmp_path)).clear(print)
    assert [path.name for path in tmp_path.iterdir()] == [MARKER]


def test_containers_are_a_project_of_the_demos_own_and_get_its_settings(tmp_path: Path, docker_log: Path) -> None:
    stack = ComposeStack(_settings(tmp_path))
    stack.clear(print)
    stack.start_scorer()
    stack.down()
    asked = docker_log.read_text().splitlines()
    assert all(line.startswith(f"earliest compose --project-name {PROJECT} ") for line in asked)
    assert asked[0].endswith(" down --volumes")
    assert asked[1].endswith(" scorer")
    assert asked[2].endswith(" down")


def test_a_failing_docker_is_one_line_in_its_own_words(
    tmp_path: Path, docker_log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAILS", "up")
    with pytest.raises(ServiceUnavailableError, match="port is already allocated") as caught:
        ComposeStack(_settings(tmp_path)).start_scorer()
    assert "\n" not in str(caught.value)


def test_without_docker_the_message_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ServiceUnavailableError, match="docker was not found: install Docker"):
        ComposeStack(_settings(tmp_path)).clear(print)
