"""Starts, stops and reports on the embedded stack."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from fraud_platform.errors import AccessDeniedError, ConfigurationError, ServiceUnavailableError
from fraud_platform.local import processes
from fraud_platform.local.environment import service_environment
from fraud_platform.local.jars import fetch
from fraud_platform.local.lock import locked
from fraud_platform.local.paths import StackPaths
from fraud_platform.local.services import Service, services
from fraud_platform.local.started_with import Difference, differences, started_with
from fraud_platform.local.supervisor import Supervisor, configuration
from fraud_platform.settings import Settings

READY_TIMEOUT_SECONDS = 180
"""Between one service's readiness and the next one's; they start side by side on what cores there are."""
POLL_SECONDS = 0.1
LOG_TAIL_LINES = 8

Progress = Callable[[str, str], None]
"""Called with a service's name and its new state: starting, ready."""


@dataclass(frozen=True)
class ServiceStatus:
    """One line of `fraud status`. `state`: ready, starting, restarting, failed, stopped or orphaned."""

    name: str
    state: str
    pid: int | None
    port: int | None
    uptime_seconds: int | None
    memory_mb: int | None
    url: str | None
    log: str


class Stack:
    """The embedded stack of one DATA_DIR.

    >>> Stack(settings).up(services=["kafka", "mlflow"])  # doctest: +SKIP
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._paths = StackPaths(settings)
        self._supervisor = Supervisor(self._paths)
        self._services = services(settings)

    def up(
        self,
        services: Iterable[str] | None = None,
        progress: Progress = lambda name, state: None,
        restart: bool = False,
    ) -> None:
        """Start the services (default: all) with what they need, and return once all are ready.

        What runs already is left alone. What is missing is started beside it, with the settings
        that the stack was started with: `differences` tells which of them are others here.

        restart: stop what runs, and start it again, with the services, under the settings of here.

        On any failure, and on Ctrl-C, what this call started is stopped again.
        Raises ServiceUnavailableError for a taken port, a service that ends or stays silent.
        """
        self._paths.create()
        with locked(self._paths.lock):
            stack = self if restart else self.as_running()
            stack._up(services, progress, restart)

    def down(self) -> int:
        """Stop everything, dependents first; returns how many leftover processes had to be ended besides."""
        if not self._paths.run.exists():
            return 0
        with locked(self._paths.lock):
            return self._down()

    def status(self) -> list[ServiceStatus]:
        """The state of each service, asked of the service itself at the address that it was started with."""
        return self.as_running()._rows()

    def as_running(self) -> "Stack":
        """This stack with the settings that it was started with; itself where it does not run."""
        environ = self._supervisor.environment()
        settings = started_with(environ) if environ else None
        return Stack(settings) if settings else self

    def differences(self) -> list[Difference]:
        """The settings that are others here than those that the stack runs with."""
        return differences(self.as_running()._settings, self._settings)

    def orphans(self) -> dict[str, int]:
        """Service name → process id of what runs although the supervisor is gone."""
        if self._supervisor.is_running():
            return {}
        return {name: pid for pid, name in processes.stack_processes(self._paths).items() if name}

    def is_supervised(self) -> bool:
        """Whether the supervisor, which restarts what dies, is there."""
        return self._supervisor.is_running()

    def _up(self, services: Iterable[str] | None, progress: Progress, restart: bool) -> None:
        wanted = self._with_needs(self._services if services is None else services)
        for jar_set in {j for service in self._services.values() for j in service.jars}:
            fetch(self._settings, jar_set)
        running = self._supervisor.running()
        if restart:
            wanted = self._with_needs({*wanted, *(running & self._services.keys())})
            self._down()
            running = set()
        try:
            if not self._supervisor.is_running():
                wanted = self._with_needs({*wanted, *(self.orphans().keys() & self._services.keys())})
                self._launch_supervisor(wanted)
            self._start_all([self._services[name] for name in wanted], running, progress)
        except BaseException:
            if running:
                self._supervisor.stop([name for name in wanted if name not in running])
            else:
                self._down()
            raise

    def _rows(self) -> list[ServiceStatus]:
        if self._supervisor.is_running():
            supervised = self._supervisor.processes()
            return [self._status(service, supervised.get(service.name, {})) for service in self._services.values()]
        orphans = self.orphans()
        return [
            self._row(s, "orphaned" if s.name in orphans else "stopped", orphans.get(s.name))
            for s in self._services.values()
        ]

    def _with_needs(self, names: Iterable[str]) -> list[str]:
        wanted: set[str] = set()
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name not in self._services:
                raise ConfigurationError(f"unknown service {name!r}: choose from {', '.join(self._services)}")
            wanted.add(name)
            waiting += [need for need in self._services[name].needs if need not in wanted]
        return [name for name in self._services if name in wanted]

    def _launch_supervisor(self, wanted: list[str]) -> None:
        self._down()
        self._check_ports(wanted)
        self._paths.supervisor_config.write_text(configuration(self._paths, list(self._services.values())))
        self._supervisor.launch(service_environment(self._settings))

    def _check_ports(self, wanted: list[str]) -> None:
        for service in (self._services[name] for name in wanted):
            for port in service.ports:
                if not processes.port_is_free(port):
                    raise ServiceUnavailableError(
                        f"port {port} of {service.name} is taken by {processes.port_owner(port)}: "
                        f"stop it, or set {service.port_setting} to another port"
                    )

    def _start_all(self, wanted: list[Service], running: set[str], progress: Progress) -> None:
        if unknown := {service.name for service in wanted} - self._supervisor.processes().keys():
            raise ServiceUnavailableError(
                f"the running stack, of an earlier release, has no {', '.join(sorted(unknown))}: "
                "'fraud up --restart' starts this release's"
            )
        deadline = time.monotonic() + READY_TIMEOUT_SECONDS
        started: set[str] = set(running)
        ready: set[str] = set()
        while len(ready) < len(wanted):
            for service in wanted:
                if service.name not in started and ready.issuperset(service.needs):
                    service.prepare()
                    self._supervisor.start(service.name)
                    started.add(service.name)
                    progress(service.name, "starting")
            supervised = self._supervisor.processes()
            for service in wanted:
                if service.name in started - ready and self._is_ready(service, supervised[service.name]):
                    service.once_ready()
                    ready.add(service.name)
                    deadline = time.monotonic() + READY_TIMEOUT_SECONDS
                    progress(service.name, "ready")
            if time.monotonic() > deadline:
                late = [service.name for service in wanted if service.name not in ready]
                raise ServiceUnavailableError(
                    f"not ready in {READY_TIMEOUT_SECONDS} s: {', '.join(late)}; {self._last_words(late[0])}"
                )
            time.sleep(POLL_SECONDS)

    def _is_ready(self, service: Service, process: dict[str, Any]) -> bool:
        if process["statename"] in ("BACKOFF", "FATAL", "EXITED", "UNKNOWN"):
            raise ServiceUnavailableError(f"{service.name} ended at its start; {self._last_words(service.name)}")
        return bool(process["pid"]) and service.answers(process["start"])

    def _last_words(self, name: str) -> str:
        log = self._paths.log(name)
        lines = log.read_text(errors="replace").splitlines()[-LOG_TAIL_LINES:] if log.exists() else []
        return f"the end of {log}:\n" + "\n".join(f"  {line}" for line in lines)

    def _down(self) -> int:
        if self._supervisor.is_running():
            supervised = self._supervisor.processes()
            needy = [name for name in supervised if name in self._services and self._services[name].needs]
            self._supervisor.stop(needy)
            self._supervisor.stop([name for name in supervised if name not in needy])
            self._supervisor.shut_down()
        return processes.end_stack_processes(self._paths)

    def _status(self, service: Service, process: dict[str, Any]) -> ServiceStatus:
        name = process.get("statename", "STOPPED")
        state = {"BACKOFF": "restarting", "FATAL": "failed", "STARTING": "starting", "RUNNING": "starting"}.get(
            name, "stopped"
        )
        if state == "starting" and self._answers(service, process["start"]):
            state = "ready"
        uptime = process["now"] - process["start"] if process.get("pid") else None
        return self._row(service, state, process.get("pid") or None, uptime)

    def _answers(self, service: Service, started_at: float) -> bool:
        try:
            return service.answers(started_at)
        except (AccessDeniedError, ServiceUnavailableError):
            return False

    def _row(self, service: Service, state: str, pid: int | None, uptime: int | None = None) -> ServiceStatus:
        return ServiceStatus(
            name=service.name,
            state=state,
            pid=pid,
            port=service.ports[0] if service.ports else None,
            uptime_seconds=uptime,
            memory_mb=processes.resident_megabytes(pid) if pid else None,
            url=service.url,
            log=str(self._paths.log(service.name)),
        )
