"""docker compose, as a person calls it in the repository, and what it says of the stack's containers."""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from fraud_platform.errors import ServiceUnavailableError
from fraud_platform.local.finding import Finding
from fraud_platform.project_root import PROJECT_ROOT


def docker_compose(*arguments: str, environment: Mapping[str, str] | None = None) -> str:
    """Output of a command on docker-compose.yml, with `environment` over this process's own.

    Raises ServiceUnavailableError with the end of what it said where it fails.
    """
    command = ["docker", "compose", *arguments]
    variables = {**os.environ, **(environment or {})}
    try:
        result = subprocess.run(command, cwd=PROJECT_ROOT, env=variables, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise ServiceUnavailableError("docker was not found: install Docker with Compose 2.24 or newer") from None
    if result.returncode != 0:
        words = " ".join(result.stderr.split())[-500:]
        raise ServiceUnavailableError(f"'{' '.join(command)}' failed: {words}")
    return result.stdout


def examine_containers() -> list[Finding]:
    """One finding for docker-compose.yml with .env, and one for each service of the profiles in force."""
    try:
        services = json.loads(docker_compose("config", "--format", "json"))["services"]
        containers = {container["Service"]: container for container in _containers()}
    except ServiceUnavailableError as error:
        return [Finding("docker compose", False, str(error), "'make env' writes .env; 'docker info' asks the engine")]
    settled = Finding("docker compose", True, f"{len(services)} services are described")
    jobs = {name for name, service in services.items() if service.get("restart") == "no"}
    return [settled, *(_of_service(name, containers.get(name), name in jobs) for name in services)]


def _containers() -> Iterator[dict[str, Any]]:
    """Compose prints one JSON document a line."""
    return map(json.loads, docker_compose("ps", "--all", "--format", "json").splitlines())


def _of_service(name: str, container: dict[str, Any] | None, is_job: bool) -> Finding:
    if container is None:
        return Finding(name, False, "no container", f"docker compose up --detach --wait {name}")
    finished = is_job and container["State"] == "exited" and container["ExitCode"] == 0
    well = container["State"] == "running" and container["Health"] in {"healthy", ""}
    if finished or well:
        return Finding(name, True, container["Status"])
    last_words = ""
    with suppress(ServiceUnavailableError):
        last_words = docker_compose("logs", "--no-log-prefix", "--tail", "1", name).strip()
    detail = f"{container['Status'] or container['State']}: {last_words}" if last_words else container["Status"]
    return Finding(name, False, detail, f"docker compose logs --tail 50 {name}")
