"""Beginning anew: what there is of a platform's data, and deleting just that.

An empty topic alone would not do. Lake, checkpoint and Dagster's history tell of offsets and days of the former
messages, so they go together.
"""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from confluent_kafka import KafkaError, KafkaException

from fraud_platform.errors import ServiceUnavailableError
from fraud_platform.feeding.state import feed_folder
from fraud_platform.local import probes
from fraud_platform.local.lock import locked
from fraud_platform.local.paths import StackPaths
from fraud_platform.local.services import LOOPBACK
from fraud_platform.local.stack import Stack
from fraud_platform.pipeline import tables
from fraud_platform.settings import Settings
from fraud_platform.storage.kafka import REQUEST_TIMEOUT_SECONDS, admin_client, any_reader, clear_errors
from fraud_platform.storage.kafka_offsets import watermarks
from fraud_platform.storage.lake import Lake


@dataclass(frozen=True)
class Part:
    """Something that is deleted: what it is, where it is, and how."""

    name: str
    where: str
    delete: Callable[[], object]


@dataclass(frozen=True)
class Plan:
    """What a reset deletes, what it leaves, and what it stops before."""

    deleted: list[Part]
    kept: list[str]
    stops: list[str]
    """Services of the embedded stack that run."""


def plan(settings: Settings, *, models: bool = False) -> Plan:
    """What there is, asked of the running stack and of what the settings name; changes nothing.

    models: MLflow's files and the registered models among them go, too. Raises ServiceUnavailableError where a Kafka
    or an S3 that is not the embedded stack's does not answer.
    """
    stack = Stack(settings)
    running = [row.name for row in stack.status() if row.pid]
    paths = StackPaths(settings)
    parts = [
        *_kafka(settings, paths, "kafka" in running),
        *_lake(settings),
        *_folder("checkpoint and state of the scorer", paths.data / "checkpoints"),
        *_folder("Dagster's runs, events and materialisations", paths.data / "dagster"),
        *_folder("Dagster's history of 'dagster dev'", paths.data / "dagster_dev"),
        *_folder("how far replays came, and reports that wait", feed_folder(settings)),
    ]
    if models:
        parts += [
            *_folder("MLflow's runs and registered models", paths.mlflow),
            *_folder("copies of models", paths.data / "models"),
            *_folder("trained models that are not registered", paths.data / "candidates"),
        ]
    return Plan(parts, list(_kept(settings, paths, models)), running)


def reset(settings: Settings, what: Plan, on_deleted: Callable[[Part], object] = lambda part: None) -> None:
    """Stop the embedded stack, and delete what the plan names.

    Raises ServiceUnavailableError where something of the stack was started again meanwhile.
    """
    stack, paths = Stack(settings), StackPaths(settings)
    if what.stops:
        stack.down()
    paths.run.mkdir(parents=True, exist_ok=True)
    with locked(paths.lock):  # nobody starts it meanwhile
        if running := [row.name for row in stack.status() if row.pid]:
            raise ServiceUnavailableError(f"{', '.join(running)} run again: 'fraud down', then begin anew once more")
        for part in what.deleted:
            part.delete()
            on_deleted(part)


def _kafka(settings: Settings, paths: StackPaths, runs: bool) -> Iterator[Part]:
    """The embedded broker's files, all of them; of any other broker the platform's topics."""
    if runs or (_is_stopped_here(settings) and paths.kafka.exists()):
        told = (
            ", ".join(f"{topic} ({count:,})" for topic, count in _messages(settings).items()) if runs else "all topics"
        )
        yield from _folder(f"Kafka's topics: {told}", paths.kafka)
        return
    for topic, count in _messages(settings).items():
        where = f"KAFKA_BROKER={settings.kafka_broker}"
        yield Part(f"topic {topic}, {count:,} messages", where, lambda topic=topic: _delete_topic(settings, topic))  # type: ignore[misc]


def _is_stopped_here(settings: Settings) -> bool:
    """Whether the broker is one of this machine, and none answers."""
    host = settings.kafka_broker.split(",")[0].rpartition(":")[0]
    return host in LOOPBACK and not probes.kafka_answers(settings)


def _messages(settings: Settings) -> dict[str, int]:
    """The platform's topics that exist, and at most how many messages each has."""
    there = admin_client(settings).list_topics(timeout=REQUEST_TIMEOUT_SECONDS).topics
    with any_reader(settings) as consumer:
        return {
            topic: sum(end - first for first, end in watermarks(consumer, topic).values())
            for topic in settings.topics
            if topic in there
        }


def _delete_topic(settings: Settings, topic: str) -> None:
    with clear_errors(settings, f"delete {topic}"):
        admin = admin_client(settings)
        for future in admin.delete_topics([topic], operation_timeout=REQUEST_TIMEOUT_SECONDS).values():
            try:
                future.result()
            except KafkaException as error:
                if error.args[0].code() != KafkaError.UNKNOWN_TOPIC_OR_PART:
                    raise


def _lake(settings: Settings) -> Iterator[Part]:
    """The local lake's folder; of S3 the platform's tables, one by one."""
    lake = Lake(settings)
    if not settings.minio_host:
        yield from _folder("the lake: raw messages, features, training sets, predictions", Path(settings.lake_uri))
        return
    for table in tables.ALL:
        if lake.exists(table):
            yield Part(f"table {table}", lake.uri(table), lambda table=table: lake.delete(table))  # type: ignore[misc]


def _folder(name: str, folder: Path) -> Iterator[Part]:
    if folder.exists() and any(folder.iterdir()):
        yield Part(name, str(folder), lambda: shutil.rmtree(folder))


def _kept(settings: Settings, paths: StackPaths, models: bool) -> Iterator[str]:
    if not models and paths.mlflow.exists():
        yield (
            f"MLflow's runs and registered models in {paths.mlflow}: the champion decides on what comes next; "
            "--models deletes them, too"
        )
    elif not paths.mlflow.exists():
        yield (
            f"MLflow's runs and registered models at {settings.mlflow_tracking_uri}: the champion decides on what "
            f"comes next, unless its alias on {settings.model_name} is removed there"
        )
    if settings.db_host:
        yield (
            f"Dagster's history in PostgreSQL (DB_HOST={settings.db_host}): 'dagster run wipe' and 'dagster asset wipe "
            "--all' delete it"
        )
    yield f"settings, logs in {paths.logs}, and jars"
