"""The Spark configuration that the scorer adds to that of all Spark sessions."""

from fraud_platform.settings import Settings
from fraud_platform.storage.spark import common_spark_config

ARROW_BATCH_BYTES = 64 * 2**20
"""What a Python worker holds of raw messages at a time, and a message besides."""


def spark_config(settings: Settings) -> dict[str, str]:
    """Spark configuration of the scorer."""
    return {
        **common_spark_config(settings),
        # G1, the default, takes a batch's Arrow bytes for humongous objects and clears them in cycles of their own.
        "spark.driver.extraJavaOptions": "-XX:+UseParallelGC",
        "spark.ui.enabled": "true",
        "spark.ui.port": str(settings.spark_ui_port),
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.execution.arrow.maxRecordsPerBatch": str(settings.batch_size),
        # Rows alone would not do: BATCH_SIZE messages of a megabyte are more than an Arrow column can hold.
        "spark.sql.execution.arrow.maxBytesPerBatch": str(ARROW_BATCH_BYTES),
        # A long-running query keeps this much of itself for the UI.
        "spark.sql.streaming.numRecentProgressUpdates": "20",
        "spark.sql.ui.retainedExecutions": "50",
        "spark.ui.retainedJobs": "100",
        "spark.ui.retainedStages": "100",
        # Old entries of the checkpoint serve nothing: a restart needs the last two.
        "spark.sql.streaming.minBatchesToRetain": "5",
        # Through FileSystem, whose local implementation is set, and not FileContext, whose is not.
        "spark.sql.streaming.checkpointFileManagerClass": (
            "org.apache.spark.sql.execution.streaming.checkpointing.FileSystemBasedCheckpointFileManager"
        ),
    }
