"""Where the scorer keeps its checkpoint, and the Spark configuration that streaming adds."""

from pathlib import Path

from fraud_platform.settings import Settings
from fraud_platform.storage.spark import common_spark_config


def checkpoint_folder(settings: Settings) -> Path:
    """Folder of the scorer's generations, each a Spark checkpoint with its state."""
    return settings.data_dir / "checkpoints" / "scorer"


def spark_config(settings: Settings) -> dict[str, str]:
    """Spark configuration of the scorer."""
    return {
        **common_spark_config(settings),
        # G1, the default, takes the packed features for humongous objects and clears them in cycles of their own.
        "spark.driver.extraJavaOptions": "-XX:+UseParallelGC",
        "spark.ui.enabled": "true",
        "spark.ui.port": str(settings.spark_ui_port),
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.execution.arrow.maxRecordsPerBatch": str(settings.batch_size),
        # A limit in bytes would be looked up for each row.
        "spark.sql.execution.arrow.maxBytesPerBatch": str(2**31 - 1),
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
