"""The embedded Dagster: its instance folder, its workspace and the commands of its three processes."""

import sys
from typing import Any

import yaml

from fraud_platform.local.paths import StackPaths
from fraud_platform.project_root import PROJECT_ROOT
from fraud_platform.settings import Settings

CODE_LOCATION = "fraud_platform.definitions"


def prepare_orchestrator(settings: Settings, code_server_port: int) -> None:
    """Write the instance configuration and a workspace that points at the shared code server."""
    paths = StackPaths(settings)
    instance = yaml.safe_dump(instance_configuration(settings), sort_keys=False)
    (paths.dagster_home / "dagster.yaml").write_text(instance)
    server = {"host": "127.0.0.1", "port": code_server_port, "location_name": CODE_LOCATION}
    paths.workspace.write_text(yaml.safe_dump({"load_from": [{"grpc_server": server}]}))


def instance_configuration(settings: Settings) -> dict[str, Any]:
    """The repository's dagster.yaml (docker/dagster.yaml where DB_HOST is set), with absolute folders.

    Dagster takes a relative base_dir from the working directory, which a service's or a
    test's need not be the repository.
    """
    source = PROJECT_ROOT / ("docker/dagster.yaml" if settings.db_host else "dagster.yaml")
    configuration = yaml.safe_load(source.read_text())
    paths = StackPaths(settings)
    if not settings.db_host:
        configuration["storage"]["custom"]["config"]["base_dir"] = str(paths.data / "dagster")
        configuration["compute_logs"]["config"]["base_dir"] = str(paths.data / "dagster" / "compute_logs")
    return configuration


def code_server_command(port: int) -> list[str]:
    """One process imports the definitions for webserver and daemon; runs are started from it."""
    address = ["--host", "127.0.0.1", "--port", str(port)]
    server = [sys.executable, "-m", "dagster", "code-server", "start", *address, "-m", CODE_LOCATION]
    return [sys.executable, "-m", "fraud_platform.resources.code_server", *server]


def webserver_command(settings: Settings, port: int) -> list[str]:
    address = ["--host", "127.0.0.1", "--port", str(port)]
    return [sys.executable, "-m", "dagster_webserver", *address, "-w", str(StackPaths(settings).workspace)]


def daemon_command(settings: Settings) -> list[str]:
    return [sys.executable, "-m", "dagster._daemon", "run", "-w", str(StackPaths(settings).workspace)]
