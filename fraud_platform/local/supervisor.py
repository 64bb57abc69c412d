"""Supervisord: its configuration, and a client that talks to it over a Unix socket."""

import configparser
import io
import shlex
import subprocess
import sys
import time
import xmlrpc.client
from pathlib import Path
from typing import Any

import psutil
from supervisor.xmlrpc import SupervisorTransport

from fraud_platform.errors import ServiceUnavailableError
from fraud_platform.local.environment import SERVICE_MARKER
from fraud_platform.local.paths import StackPaths
from fraud_platform.local.services import Service
from fraud_platform.project_root import PROJECT_ROOT

START_SECONDS = 20
STOP_SECONDS = 60
ALIVE = ("STARTING", "RUNNING", "BACKOFF")


def configuration(paths: StackPaths, services: list[Service]) -> str:
    """The supervisord.conf. Services are started by the stack in their order, restarted by supervisord."""
    parser = configparser.RawConfigParser()
    parser["unix_http_server"] = {"file": _escape(paths.supervisor_socket), "chmod": "0600"}
    parser["supervisord"] = {
        "logfile": _escape(paths.log("supervisord")),
        "logfile_maxbytes": "1MB",
        "logfile_backups": "1",
        "pidfile": _escape(paths.run / "supervisord.pid"),
        "childlogdir": _escape(paths.logs),
    }
    parser["rpcinterface:supervisor"] = {
        "supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface"
    }
    for service in services:
        parser[f"program:{service.name}"] = _program(paths, service)
    text = io.StringIO()
    parser.write(text)
    return text.getvalue()


def _program(paths: StackPaths, service: Service) -> dict[str, str]:
    environment = {SERVICE_MARKER: service.name, **service.environment}
    return {
        "command": _escape(shlex.join(service.command())),
        "directory": _escape(PROJECT_ROOT),
        "environment": _escape(",".join(f'{name}="{value}"' for name, value in environment.items())),
        "autostart": "false",
        "autorestart": "true",
        # A process that ends before this is started again after 1, 2, 3 … seconds.
        "startsecs": "15",
        "startretries": "20",
        "stopasgroup": str(service.stop_as_group).lower(),
        "killasgroup": "true",
        "stopwaitsecs": "30",
        "redirect_stderr": "true",
        "stdout_logfile": _escape(paths.log(service.name)),
        "stdout_logfile_maxbytes": "10MB",
        "stdout_logfile_backups": "2",
    }


def _escape(value: str | Path) -> str:
    # Supervisord expands %(name)s in values.
    return str(value).replace("%", "%%")


class Supervisor:
    """The supervisord of one stack."""

    def __init__(self, paths: StackPaths) -> None:
        self._paths = paths

    def is_running(self) -> bool:
        try:
            self._call("getState")
        except ServiceUnavailableError:
            return False
        return True

    def launch(self, environment: dict[str, str]) -> None:
        """Start supervisord in the background; it and its children run under the environment."""
        command = [sys.executable, "-m", "supervisor.supervisord", "-c", str(self._paths.supervisor_config)]
        result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if result.returncode != 0:
            raise ServiceUnavailableError(f"supervisord does not start: {(result.stderr or result.stdout).strip()}")
        deadline = time.monotonic() + START_SECONDS
        while not self.is_running():
            if time.monotonic() > deadline:
                raise ServiceUnavailableError(f"supervisord does not answer: see {self._paths.log('supervisord')}")
            time.sleep(0.02)

    def processes(self) -> dict[str, dict[str, Any]]:
        """Service name → supervisord's process info (statename, pid, start, now, …)."""
        return {process["name"]: process for process in self._call("getAllProcessInfo")}

    def running(self) -> set[str]:
        """Names of the services that run, or that it starts again; none where there is no supervisor."""
        if not self.is_running():
            return set()
        return {name for name, process in self.processes().items() if process["statename"] in ALIVE}

    def environment(self) -> dict[str, str] | None:
        """What the supervisor, and so each service, was started under; None where it cannot be read."""
        try:
            return psutil.Process(self._call("getPID")).environ()
        except (ServiceUnavailableError, psutil.Error):
            return None

    def start(self, name: str) -> None:
        self._call("startProcess", name, False)

    def stop(self, names: list[str]) -> None:
        """Stop the services all at once and wait until they have ended."""
        for name in names:
            self._call("stopProcess", name, False)
        deadline = time.monotonic() + STOP_SECONDS
        while any(self.processes()[name]["pid"] for name in names) and time.monotonic() < deadline:
            time.sleep(0.05)

    def shut_down(self) -> None:
        pid = self._call("getPID")
        self._call("shutdown")
        deadline = time.monotonic() + STOP_SECONDS
        while _is_alive(pid) and time.monotonic() < deadline:
            time.sleep(0.05)

    def _call(self, method: str, *arguments: Any) -> Any:
        transport = SupervisorTransport(None, None, f"unix://{self._paths.supervisor_socket}")
        try:
            return getattr(xmlrpc.client.ServerProxy("http://localhost", transport).supervisor, method)(*arguments)
        except xmlrpc.client.Fault as fault:
            if method in ("startProcess", "stopProcess") and fault.faultCode in (60, 70):
                return None  # already started, already stopped
            raise ServiceUnavailableError(f"supervisord: {method}{arguments}: {fault.faultString}") from None
        except (OSError, xmlrpc.client.Error) as error:
            raise ServiceUnavailableError(f"supervisord does not answer: {error}") from None
        finally:
            transport.close()


def _is_alive(pid: int) -> bool:
    """False for a zombie too: who adopted the daemon need not reap it."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
