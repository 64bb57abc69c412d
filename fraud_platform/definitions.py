"""The code location: everything that stands in fraud_platform/defs, with its resources."""

import dagster as dg

from fraud_platform import defs as stages
from fraud_platform.resources.mlflow import mlflow
from fraud_platform.resources.platform import PlatformResource
from fraud_platform.resources.spark import SparkResource

platform = PlatformResource()

defs = dg.load_definitions_from_package_module(
    stages,
    resources={"platform": platform, "spark": SparkResource(platform=platform), "mlflow": mlflow},
    # A process for each step would start a JVM for each step.
    executor=dg.in_process_executor,
)
