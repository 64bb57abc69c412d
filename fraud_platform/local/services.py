"""The embedded stack's services: one table of commands, ports, readiness and order."""

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from fraud_platform.local import broker, orchestrator, probes, tracking_server
from fraud_platform.settings import Settings
from fraud_platform.storage.jars import KAFKA, SPARK, JarSet
from fraud_platform.storage.kafka import create_topics

LOOPBACK = {"127.0.0.1", "localhost", "::1"}


@dataclass(frozen=True)
class Service:
    """A process that the stack starts and supervises."""

    name: str
    command: Callable[[], list[str]]
    ports: tuple[int, ...]
    """The first is the one people use."""
    port_setting: str
    """The setting that moves the ports."""
    answers: Callable[[float], bool]
    """Readiness, given the process's start time in epoch seconds; raises where it can never come."""
    needs: tuple[str, ...] = ()
    prepare: Callable[[], None] = lambda: None
    once_ready: Callable[[], object] = lambda: None
    environment: dict[str, str] = field(default_factory=dict)
    jars: tuple[JarSet, ...] = ()
    url: str | None = None
    stop_as_group: bool = True


def services(settings: Settings) -> dict[str, Service]:
    """The services in start order, less those that the settings put on another machine."""
    kafka_host, kafka_port = _address(f"//{settings.kafka_broker}", 9092)
    mlflow_host, mlflow_port = _address(settings.mlflow_tracking_uri, 5500)
    dagster_host, dagster_port = _address(settings.dagster_url, 3333)
    table: list[Service] = []
    if kafka_host in LOOPBACK:
        table.append(_kafka(settings, kafka_port))
    if mlflow_host in LOOPBACK:
        table.append(_mlflow(settings, mlflow_port))
    if dagster_host in LOOPBACK:
        table += _dagster(settings, dagster_port)
    here = {service.name for service in table}
    table.append(_scorer(settings, tuple(name for name in ("kafka", "mlflow") if name in here)))
    return {service.name: service for service in table}


def _kafka(settings: Settings, port: int) -> Service:
    return Service(
        name="kafka",
        command=lambda: broker.broker_command(settings),
        ports=(port, broker.controller_port(settings)),
        port_setting="KAFKA_BROKER",
        answers=lambda _: probes.kafka_answers(settings),
        prepare=lambda: broker.prepare_broker(settings),
        once_ready=lambda: create_topics(settings),
        jars=(KAFKA,),
    )


def _mlflow(settings: Settings, port: int) -> Service:
    return Service(
        name="mlflow",
        command=lambda: tracking_server.tracking_server_command(port),
        ports=(port,),
        port_setting="MLFLOW_TRACKING_URI",
        answers=lambda _: probes.mlflow_answers(settings),
        environment=tracking_server.tracking_server_environment(settings),
        url=settings.mlflow_tracking_uri,
    )


def _dagster(settings: Settings, port: int) -> list[Service]:
    """Code server, webserver and daemon. The code server listens one port above the webserver."""
    code_port = port + 1
    code_server = Service(
        name="code-server",
        command=lambda: orchestrator.code_server_command(code_port),
        ports=(code_port,),
        port_setting="DAGSTER_URL",
        answers=lambda _: probes.port_answers("127.0.0.1", code_port),
        prepare=lambda: orchestrator.prepare_orchestrator(settings, code_port),
    )
    webserver = Service(
        name="dagster",
        command=lambda: orchestrator.webserver_command(settings, port),
        ports=(port,),
        port_setting="DAGSTER_URL",
        answers=lambda _: probes.dagster_answers(settings),
        needs=("code-server",),
        url=settings.dagster_url,
    )
    daemon = Service(
        name="daemon",
        command=lambda: orchestrator.daemon_command(settings),
        ports=(),
        port_setting="DAGSTER_URL",
        answers=lambda started_at: probes.daemon_answers(settings, started_at),
        needs=("dagster",),
    )
    return [code_server, webserver, daemon]


def _scorer(settings: Settings, needs: tuple[str, ...]) -> Service:
    return Service(
        name="scorer",
        command=lambda: [sys.executable, "-m", "streaming"],
        ports=(settings.spark_ui_port, settings.metrics_port),
        port_setting="SPARK_UI_PORT or METRICS_PORT",
        # Spark's UI is the last to listen; from then on the scorer waits for a champion or scores.
        answers=lambda _: all(
            probes.port_answers("127.0.0.1", p) for p in (settings.spark_ui_port, settings.metrics_port)
        ),
        needs=needs,
        jars=(SPARK,),
        url=f"http://127.0.0.1:{settings.spark_ui_port}",
        # Its own JVM must outlive the signal, or the batch at hand could not be finished.
        stop_as_group=False,
    )


def _address(url: str, default_port: int) -> tuple[str, int]:
    parts = urlsplit(url.split(",")[0])
    return parts.hostname or "", parts.port or default_port
