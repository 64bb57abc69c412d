"""Spark: session configuration for batch jobs and the scorer, and replacing days of Delta tables."""

import os
import sys
from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

import pyarrow as pa

from fraud_platform.settings import Settings
from fraud_platform.storage.arrow_bytes import pack, unpack
from fraud_platform.storage.jars import spark_jars
from fraud_platform.storage.lake import Lake, Table, days_predicate
from fraud_platform.storage.s3 import hadoop_s3_keys, spark_s3_options

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

DRIVER_ROWS = 1_000_000
"""Rows that a driver holds with ease."""
DRIVER_BYTES = 500_000_000
"""The same of values of any size."""
PACKED_DRIVER_ROWS = 4_000_000
"""Rows of features that a driver holds: 1.3 GB. Packed, they pass Spark's heap in a fraction of that."""
BATCH_ROWS = 20_000

Rows = Callable[[pa.Table], pa.Table]
"""Makes the rows of a table out of one partition; runs in Python workers."""


def common_spark_config(settings: Settings) -> dict[str, str]:
    """What batch jobs and the scorer share; raises ConfigurationError where the jars are not fetched."""
    # pyspark reads its workers' interpreter from here alone; its default is the python3 of PATH.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    return {
        "spark.master": settings.spark_master,
        "spark.driver.memory": settings.spark_driver_memory,
        "spark.executor.memory": settings.spark_executor_memory,
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        # Delta replays its log with 50 tasks by default, each of them dearer than the work.
        "spark.databricks.delta.snapshotPartitions": "2",
        # Tables are read by day; ranges of other columns would cost a fifth of each write.
        "spark.databricks.delta.properties.defaults.dataSkippingNumIndexedCols": "0",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": str(settings.spark_shuffle_partitions),
        "spark.sql.execution.arrow.pyspark.enabled": "true",
        "spark.python.daemon.module": "fraud_platform.storage.python_daemon",
        "spark.sql.warehouse.dir": str(settings.data_dir / "warehouse"),
        "spark.log.level": "WARN",
        # Spark prints its configuration and the options of its sources where these do not match.
        "spark.redaction.regex": "(?i)secret|password|passwd|token|access[.]?key|jaas",
        "spark.sql.redaction.options.regex": "(?i)url|secret|password|jaas",
        **_placement(settings),
        **spark_s3_options(settings),
    }


def spark_config(settings: Settings) -> dict[str, str]:
    """Configuration of a batch session."""
    return {
        # A job of seconds ends before the optimising compiler pays for itself.
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1",
        **common_spark_config(settings),
        "spark.app.name": "fraud-platform",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.execution.arrow.maxRecordsPerBatch": str(BATCH_ROWS),
        # An idle worker would keep the memory of the largest task that it ran; forking another takes no time.
        "spark.python.worker.reuse": "false",
    }


def give_s3_keys(spark: "SparkSession", settings: Settings) -> None:
    """Let a session read S3: as configuration the keys would stand in the JVM's command line, for all to see."""
    hadoop = spark.sparkContext._jsc.hadoopConfiguration()  # type: ignore[union-attr]
    for name, value in hadoop_s3_keys(settings).items():
        hadoop.set(name, value)


def _placement(settings: Settings) -> dict[str, str]:
    """Jars and addresses: a local session keeps to loopback.

    Executors of a cluster have Python packages and jars at the driver's own paths, as
    containers of one image do; spark.jars would copy up to 900 MB for each session.
    """
    jars = ":".join(map(str, spark_jars(settings)))
    shared = {
        "spark.driver.extraClassPath": jars,
        "spark.executor.extraClassPath": jars,
        # Hadoop's own forks a chmod for each file and its checksum file: half the time of a write of 60 days.
        "spark.hadoop.fs.file.impl": "com.globalmentor.apache.hadoop.fs.BareLocalFileSystem",
    }
    if not settings.spark_master.startswith("local"):
        # Without a limit the scorer, which never ends, would leave no core to the batch jobs.
        shared["spark.cores.max"] = str(settings.spark_cores_max)
        # What executors decode and compute has to be what the driver expects of them.
        shared["spark.executorEnv.DECLARATION"] = settings.declaration
        return shared | ({"spark.driver.host": settings.spark_driver_host} if settings.spark_driver_host else {})
    # The UI listens here; pyspark resolves the host name before it reads any configuration.
    os.environ.setdefault("SPARK_LOCAL_IP", settings.bind_host)
    return shared | {
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
    }


def replace_days(
    frame: "DataFrame", lake: Lake, table: Table, first: date, last: date, expected_rows: int, expected_bytes: int = 0
) -> int:
    """Replace the days first to last, both included, in one atomic commit; returns the table's new version.

    Up to DRIVER_ROWS and DRIVER_BYTES the driver writes, which is a tenth of the work of Spark's
    writer for days of some thousand rows; above, Spark does, about one file a day.
    """
    if expected_rows <= DRIVER_ROWS and expected_bytes <= DRIVER_BYTES:
        return lake.replace_days(table, frame.toArrow(), first, last)
    (
        frame.hint("rebalance", "date")
        .write.format("delta")
        .mode("overwrite")
        .partitionBy("date")
        .option("replaceWhere", days_predicate(first, last))
        .option("mergeSchema", "true")
        .save(lake.spark_uri(table))
    )
    return lake.version(table)


def replace_days_by(
    rows: Rows, frame: "DataFrame", lake: Lake, table: Table, first: date, last: date, expected: int
) -> int:
    """Replace the days by what `rows` makes of each partition of the frame, as `replace_days` does.

    Up to PACKED_DRIVER_ROWS, of which `expected` is an upper bound, the results go packed
    from the workers to the driver.
    """
    if expected > PACKED_DRIVER_ROWS:
        from pyspark.sql.pandas.types import from_arrow_schema

        made = frame.mapInArrow(partial(_as_rows, rows), from_arrow_schema(table.schema))
        return replace_days(made, lake, table, first, last, expected)
    packed = frame.mapInArrow(partial(_as_packed, rows), "packed binary").toArrow()["packed"].chunks
    return lake.replace_days(table, pa.RecordBatchReader.from_batches(table.schema, _unpacked(packed)), first, last)


def _unpacked(packed: list[pa.Array]) -> Iterator[pa.RecordBatch]:
    """Rows of the packed results, which are let go one by one: the writer needs more memory the further it is.

    In small pieces, since several are in flight.
    """
    while packed:
        for value in packed.pop(0):
            yield from unpack([value]).to_batches(BATCH_ROWS)


def on_packed(rows: Rows) -> Rows:
    """`rows` for the partitions of `bucketed_shuffle.shuffle`."""
    return partial(_unpack_and, rows)


def _unpack_and(rows: Rows, table: pa.Table) -> pa.Table:
    return rows(unpack(table["packed"]))


def _as_rows(rows: Rows, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    if received := list(batches):
        yield from rows(pa.Table.from_batches(received)).to_batches(BATCH_ROWS)


def _as_packed(rows: Rows, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    if received := list(batches):
        yield pa.record_batch({"packed": pa.array([pack(rows(pa.Table.from_batches(received)))], pa.binary())})
