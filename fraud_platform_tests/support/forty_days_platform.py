"""The forty days on real services: a platform for them, their messages on its topics, and runs of its jobs."""

import uuid
from datetime import date
from pathlib import Path
from threading import Event

import dagster as dg

from fraud_platform.defs.schedules import RANGE_END, RANGE_START
from fraud_platform.feeding.feed import feed_producer, send
from fraud_platform.feeding.pacing import AsFastAsPossible
from fraud_platform.project_root import PROJECT_ROOT
from fraud_platform.resources.platform import PlatformResource
from fraud_platform.settings import Settings
from fraud_platform.storage.kafka import create_topics, producer
from fraud_platform_tests.support.bad_messages import BAD_MESSAGES, EVENT_TIME_MS
from fraud_platform_tests.support.forty_days import PERIODS, schedule


def platform_on(broker: str, mlflow_server: str, folder: Path) -> PlatformResource:
    """A platform with topics and a model of its own."""
    unique = uuid.uuid4().hex[:8]
    topics = ("topic", "labels_topic", "predictions_topic", "dead_letter_topic", "events_topic")
    values = {
        "data_dir": folder,
        "jars_dir": PROJECT_ROOT / ".jars",
        "kafka_broker": broker,
        "kafka_partitions": 3,
        "mlflow_tracking_uri": mlflow_server,
        "model_name": f"fraud-detector-{unique}",
        **PERIODS,
        "promotion_timeout_seconds": 20,
        **{f"kafka_{topic}": f"{topic}-{unique}" for topic in topics},
    }
    return PlatformResource(overrides={name: str(value) for name, value in values.items()})


def send_days(settings: Settings) -> None:
    """The forty days with late, repeated and malformed messages, then the bad messages."""
    create_topics(settings)
    send(feed_producer(settings), settings, schedule(), AsFastAsPossible(), stop=Event())
    kafka = producer(settings)
    for n, (key, value, _, _) in enumerate(BAD_MESSAGES.values()):
        headers = [("trace", b"\xff\x00"), ("trace", None)] if n == 0 else None
        kafka.produce(settings.kafka_topic, value, key, timestamp=EVENT_TIME_MS, headers=headers)
    kafka.flush()


def run_job(
    jobs: dg.Definitions,
    instance: dg.DagsterInstance,
    job: str,
    first: date | None = None,
    last: date | None = None,
    **options: object,
) -> dg.ExecuteInProcessResult:
    """One run of a job over days: over a range by its tags, over a single day by its partition key."""
    if first and last:
        options["tags"] = {RANGE_START: first.isoformat(), RANGE_END: last.isoformat()}
    elif first:
        options["partition_key"] = first.isoformat()
    return jobs.resolve_job_def(job).execute_in_process(instance=instance, **options)
