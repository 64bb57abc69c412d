"""The code location: what stands in fraud_platform/defs, with its resources."""

import dagster as dg

from fraud_platform import defs as stages
from fraud_platform.defs import jobs, schedules
from fraud_platform.defs.models.canary import challenger_sensor
from fraud_platform.defs.models.jobs import promote_model
from fraud_platform.defs.models.sensors import promotion_sensor
from fraud_platform.defs.monitoring.sensors import alert_rate_sensor
from fraud_platform.resources.mlflow import mlflow
from fraud_platform.resources.platform import PlatformResource
from fraud_platform.resources.spark import spark


def definitions(platform: PlatformResource) -> dg.Definitions:
    """Everything in fraud_platform/defs on the given settings."""
    return dg.Definitions(
        assets=dg.load_assets_from_package_module(stages, include_specs=True),
        asset_checks=dg.load_asset_checks_from_package_module(stages),
        jobs=[*jobs.ALL, promote_model],
        schedules=schedules.ALL,
        sensors=[promotion_sensor, challenger_sensor, alert_rate_sensor],
        resources={"platform": platform, "spark": spark, "mlflow": mlflow},
        # A process for each step would start a JVM for each step.
        executor=dg.in_process_executor,
    )


defs = definitions(PlatformResource())
