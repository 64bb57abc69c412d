"""Parent of Spark's Python workers: imports once what each worker would import on its own for seconds.

Spark starts it as `python -m` (spark.python.daemon.module); workers are forked from it.
"""

import warnings

import pandas  # noqa: F401
from pyspark.daemon import manager

import fraud_platform.core.features.kernel
import fraud_platform.messages.schemas
import fraud_platform.storage.lake  # noqa: F401

# pyspark's own way of putting frames together, once a batch and a worker.
warnings.filterwarnings("ignore", category=FutureWarning, module=r"pyspark\..*")

if __name__ == "__main__":
    manager()
