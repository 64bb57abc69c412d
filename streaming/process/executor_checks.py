"""What the scorer asks of a cluster's executors before it starts: its own version, and the folder of its state."""

import socket
import uuid
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pyarrow as pa
from pyspark.sql import SparkSession

from fraud_platform.declared import FEATURE_SET
from fraud_platform.errors import ConfigurationError
from fraud_platform.settings import Settings

_SCHEMA = "host string, feature_set string, shares_folder boolean"


def check_executors(spark: SparkSession, settings: Settings, folder: Path) -> None:
    """Raises ConfigurationError for an executor with other features, or one that does not see the folder.

    The state is files, written by executors and read by whichever runs the partition
    next, so on a cluster the folder lies on a volume that all share.
    """
    if settings.spark_master.startswith("local"):
        return
    folder.mkdir(parents=True, exist_ok=True)
    token = uuid.uuid4().hex
    probe = folder / f".probe-{token}"
    probe.write_text(token)
    try:
        tasks = 4 * spark.sparkContext.defaultParallelism  # enough that each executor gets one
        answers = spark.range(tasks, numPartitions=tasks).mapInArrow(partial(_answer, probe), _SCHEMA).collect()
    finally:
        probe.unlink(missing_ok=True)
    for host, feature_set, shares_folder in sorted(set(answers)):
        if feature_set != FEATURE_SET.hash:
            raise ConfigurationError(
                f"the executor on {host} has feature set {feature_set}, the scorer {FEATURE_SET.hash}: "
                "run workers and scorer from the same image"
            )
        if not shares_folder:
            raise ConfigurationError(
                f"the executor on {host} does not see DATA_DIR={settings.data_dir}: "
                "with SPARK_MASTER on a cluster put DATA_DIR on a volume that all share"
            )


def _answer(probe: Path, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for _ in batches:
        shares = probe.is_file() and probe.read_text() == probe.name.removeprefix(".probe-")
        yield pa.record_batch(
            {"host": [socket.gethostname()], "feature_set": [FEATURE_SET.hash], "shares_folder": [shares]}
        )
