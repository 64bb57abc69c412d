"""What `fraud doctor --stack compose` makes of what Docker says."""

import json
from pathlib import Path

import pytest

from fraud_platform.local.compose import examine_containers
from fraud_platform_tests.support.fake_program import install

DOCKER = """#!/bin/sh
case "$2" in
config) [ -z "$FAILS" ] || { echo "$FAILS" >&2; exit 1; }; cat "$0.config" ;;
ps) cat "$0.ps" ;;
logs) echo "last words of $6" ;;
esac
"""


def container(service: str, state: str, health: str = "", exit_code: int = 0) -> str:
    return json.dumps(
        {"Service": service, "State": state, "Health": health, "ExitCode": exit_code, "Status": f"{state}, as told"}
    )


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `docker` that knows eight services and a container of seven of them."""
    program = install(tmp_path, monkeypatch, "docker", DOCKER)
    names = ["kafka", "create-bucket", "simulator", "mlflow", "scorer", "postgres", "dagster-code", "minio"]
    services = {name: {"restart": "no" if name == "create-bucket" else "unless-stopped"} for name in names}
    (tmp_path / "docker.config").write_text(json.dumps({"services": services}))
    told = [
        container("kafka", "running", "healthy"),
        container("create-bucket", "exited"),
        container("simulator", "running"),
        container("mlflow", "running", "unhealthy"),
        container("scorer", "restarting", exit_code=2),
        container("postgres", "exited", exit_code=137),
        container("dagster-code", "exited"),
    ]
    (tmp_path / "docker.ps").write_text("\n".join(told))
    return program


@pytest.mark.usefixtures("docker")
def test_a_container_is_well_where_it_is_healthy_has_no_check_or_has_done_its_work() -> None:
    found = {finding.name: finding.ok for finding in examine_containers()}
    assert [name for name, ok in found.items() if ok] == ["docker compose", "kafka", "create-bucket", "simulator"]


@pytest.mark.usefixtures("docker")
def test_what_is_wrong_is_told_in_the_services_own_words_with_what_to_do() -> None:
    found = {finding.name: (finding.detail, finding.fix) for finding in examine_containers() if not finding.ok}
    assert found["mlflow"] == ("running, as told: last words of mlflow", "docker compose logs --tail 50 mlflow")
    assert found["scorer"][0] == "restarting, as told: last words of scorer"
    assert found["postgres"][0] == "exited, as told: last words of postgres"
    assert found["dagster-code"][0] == "exited, as told: last words of dagster-code"  # stopped in good order
    assert found["minio"] == ("no container", "docker compose up --detach --wait minio")


@pytest.mark.usefixtures("docker")
def test_a_setting_that_is_missing_is_the_one_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAILS", "required variable DB_PASSWORD is missing a value: set DB_PASSWORD in .env")
    (finding,) = examine_containers()
    assert not finding.ok
    assert "set DB_PASSWORD in .env" in finding.detail
    assert "make env" in finding.fix
