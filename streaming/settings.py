"""Where the scorer keeps its checkpoint and models, and the Spark configuration that streaming adds."""

from pathlib import Path

from fraud_platform.settings import Settings
from fraud_platform.storage.spark import common_spark_config


def checkpoint_folder(settings: Settings) -> Path:
    """Folder of the scorer's generations, each a Spark checkpoint with its state."""
    return settings.data_dir / "checkpoints" / "scorer"


def model_cache(settings: Settings) -> Path:
    """Folder that model bundles are downloaded to, one sub-folder a version."""
    return settings.data_dir / "models"


def spark_config(settings: Settings) -> dict[str, str]:
    """Spark configuration of the scorer."""
    return {
        **common_spark_config(settings),
        "spark.ui.enabled": "true",
        "spark.ui.port": str(settings.spark_ui_port),
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.execution.arrow.maxRecordsPerBatch": str(settings.batch_size),
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
