"""The Spark session of a run."""

from functools import cached_property
from typing import TYPE_CHECKING

import dagster as dg

from fraud_platform.settings import Settings
from fraud_platform.storage.spark import give_s3_keys, spark_config

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


class LazySpark:
    """A session that starts when an asset first asks for it, so a run without Spark stages starts no JVM."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @cached_property
    def session(self) -> "SparkSession":
        from dagster_pyspark.resources import spark_session_from_config

        session = spark_session_from_config(spark_config(self._settings))
        give_s3_keys(session, self._settings)
        return session


@dg.resource(required_resource_keys={"platform"})
def spark(context: dg.InitResourceContext) -> LazySpark:
    """Spark on the platform's settings."""
    return LazySpark(context.resources.platform.settings)
