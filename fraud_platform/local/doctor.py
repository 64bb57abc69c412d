"""Checks of what the platform needs on this machine, each with the way to mend it."""

import shutil
import sys
from collections.abc import Callable, Iterator

import psutil

from fraud_platform.errors import AccessDeniedError, FraudPlatformError
from fraud_platform.local import probes, processes
from fraud_platform.local.finding import Finding
from fraud_platform.local.java import find_java
from fraud_platform.local.services import Service, services
from fraud_platform.local.stack import Stack
from fraud_platform.local.topic_findings import topic_findings
from fraud_platform.project_root import PROJECT_ROOT
from fraud_platform.settings import Settings
from fraud_platform.storage.jars import JAR_SETS, S3

NEEDED_DISK_GB = 5
NEEDED_MEMORY_GB = 6


def examine(settings: Settings) -> list[Finding]:
    """All checks, from the ground up: programs, jars, room, settings, ports, services, topics."""
    return [
        _python(),
        _java(),
        *_jars(settings),
        _disk(settings),
        _memory(),
        _sources(),
        *_ports(settings),
        *_reachable(settings),
        *topic_findings(settings),
    ]


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return Finding("Python", sys.version_info[:2] == (3, 11), version, "install Python 3.11 and run 'make setup'")


def _java() -> Finding:
    try:
        path, version = find_java()
    except FraudPlatformError as error:
        return Finding("Java", False, str(error), "'make setup' installs it where it may")
    return Finding("Java", True, f"{version} ({path})")


def _jars(settings: Settings) -> Iterator[Finding]:
    for jar_set in JAR_SETS.values():
        if jar_set is not S3 or settings.minio_host:
            fetched = jar_set.is_fetched(settings)
            fix = f"python -m fraud_platform.local.jars --set {jar_set.name}"
            yield Finding(f"{jar_set.name} jars", fetched, str(jar_set.folder(settings)), fix)


def _disk(settings: Settings) -> Finding:
    folder = settings.data_dir
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free / 1e9
    return Finding("disk", free >= NEEDED_DISK_GB, f"{free:.0f} GB free in {folder}", "free some, or set DATA_DIR")


def _memory() -> Finding:
    free = psutil.virtual_memory().available / 1e9
    fix = f"the stack takes about {NEEDED_MEMORY_GB} GB: lower SPARK_DRIVER_MEMORY, or close something"
    return Finding("memory", free >= NEEDED_MEMORY_GB, f"{free:.1f} GB available", fix, needed=False)


def _sources() -> Finding:
    files = [path for path in (PROJECT_ROOT / ".env", PROJECT_ROOT / "config" / "config.yaml") if path.exists()]
    return Finding("settings", True, "environment, " + ", ".join(map(str, files)))


def _ports(settings: Settings) -> Iterator[Finding]:
    running = {row.name for row in Stack(settings).status() if row.pid}
    for service in services(settings).values():
        for port in service.ports:
            yield _port(service, port, service.name in running)


def _port(service: Service, port: int, ours: bool) -> Finding:
    free = processes.port_is_free(port)
    detail = "free" if free else "ours" if ours else f"taken by {processes.port_owner(port)}"
    fix = f"stop that program, or set {service.port_setting} to another port"
    if "docker" in detail:
        fix = "'fraud doctor --stack compose' looks at the containers; this stack needs 'docker compose down' first"
    return Finding(f"port {port} ({service.name})", free or ours, detail, fix)


def _reachable(settings: Settings) -> Iterator[Finding]:
    local = services(settings)
    for name, url, answers in _parts(settings):
        # A service of ours may be down; one elsewhere is needed for anything to work.
        fix = "fraud up" if name in local else f"correct the setting, or start the service at {url}"
        try:
            ok = answers(settings)
            detail = url if ok else f"no answer: {url}"
        except AccessDeniedError as error:
            ok, detail = False, str(error)
        except FraudPlatformError as error:
            ok, detail = False, f"no answer: {error}"
        yield Finding(f"{name} answers", ok, detail, fix, needed=name not in local)


def _parts(settings: Settings) -> Iterator[tuple[str, str, Callable[[Settings], bool]]]:
    """Name, address and probe of each part that the settings name."""
    yield "kafka", settings.kafka_broker, probes.kafka_answers
    yield "mlflow", settings.mlflow_tracking_uri, probes.mlflow_answers
    yield "dagster", settings.dagster_url, probes.dagster_answers
    yield "scorer", f"port {settings.metrics_port}", probes.scorer_answers
    if settings.db_host:
        yield "postgresql", f"{settings.db_host}:{settings.db_port}", probes.postgres_answers
    if settings.minio_host:
        yield "s3", settings.minio_host, probes.lake_answers
    if settings.spark_master.startswith("spark://"):
        yield "spark", settings.spark_master, probes.spark_answers
