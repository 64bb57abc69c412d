"""What the stack of docker-compose.yml keeps: through a code server's end, down and up, backup and restore."""

import re
from pathlib import Path
from typing import Any

import pytest

from fraud_platform_tests.integration.compose.stack import (
    NEEDS_THE_STACK,
    compose,
    containers,
    folder,
    launch_tables,
    run,
    run_status,
    state,
    up,
)
from fraud_platform_tests.support.waiting import wait_until

pytestmark = NEEDS_THE_STACK


def test_a_run_that_ends_with_its_code_server_counts_as_failed(rows: int) -> None:
    run_id = launch_tables()
    wait_until(lambda: run_status(run_id) == "STARTED", "the run's start")
    compose("kill", "dagster-code")
    up(["dagster-code"])
    assert run_status(run_id) == "FAILURE"


def test_down_and_up_loses_nothing(running: dict[str, Any], rows: int) -> None:
    before = state()
    compose("--profile", "*", "down")
    assert not compose("ps", "--quiet")
    up(list(running))
    assert state() == before


def test_a_backup_fills_an_empty_stack(running: dict[str, Any], rows: int, tmp_path: Path) -> None:
    before = state()
    backup = str(tmp_path / "backup")
    run("sh", "docker/backup.sh", backup)
    assert containers().keys() == running.keys()  # it starts again what it stopped
    with pytest.raises(AssertionError, match=r"has volumes: restoring begins from none"):
        run("sh", "docker/restore.sh", backup)
    compose("--profile", "*", "down", "--volumes")
    run("sh", "docker/restore.sh", backup)
    up(list(running))
    assert state() == before


def test_an_upgrade_to_the_same_release_changes_nothing(running: dict[str, Any], rows: int) -> None:
    before = state()
    assert run("sh", "docker/upgrade.sh").endswith("the stack is on the new images\n")
    assert containers().keys() == running.keys()
    assert state() == before


def test_a_password_of_the_database_is_changed_in_place(running: dict[str, Any], rows: int) -> None:
    before = state()
    environment = folder() / ".env"
    (old,) = re.findall("^DB_PASSWORD=(.+)", environment.read_text(), re.MULTILINE)
    environment.write_text(environment.read_text().replace(old, old[::-1]))
    up(["postgres"])
    compose("exec", "-T", "postgres", "sh", "/docker-entrypoint-initdb.d/init.sh")
    up(list(running))
    assert state() == before


def test_an_unfinished_backup_is_not_restored(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=r"is missing or empty: nothing was changed"):
        run("sh", "docker/restore.sh", str(tmp_path))
