"""The Spark session of a run."""

from functools import cached_property
from typing import TYPE_CHECKING

import dagster as dg

from fraud_platform.resources.platform import PlatformResource
from fraud_platform.storage.spark import spark_config

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


class SparkResource(dg.ConfigurableResource):
    """A session that starts when an asset first asks for it, so a run without Spark stages starts no JVM."""

    platform: PlatformResource

    @cached_property
    def session(self) -> "SparkSession":
        from dagster_pyspark.resources import spark_session_from_config

        return spark_session_from_config(spark_config(self.platform.settings))
