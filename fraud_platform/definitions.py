"""The code location: what stands in fraud_platform/defs, with its resources."""

import warnings
from pathlib import Path

import dagster as dg

from fraud_platform.defs.automation import off, ticks_elsewhere
from fraud_platform.resources.mlflow import mlflow
from fraud_platform.resources.platform import PlatformResource
from fraud_platform.resources.spark import spark

# Owners, backfill policies and look-back mappings are beta; Dagster's version is pinned, so nobody has to be told.
warnings.filterwarnings("ignore", category=dg.BetaWarning)


def definitions(platform: PlatformResource) -> dg.Definitions:
    """Everything in fraud_platform/defs on the given settings."""
    loaded = dg.load_from_defs_folder(path_within_project=Path(__file__))
    surroundings = dg.Definitions(
        resources={"platform": platform, "spark": spark, "mlflow": mlflow},
        # A process for each step would start a JVM for each step.
        executor=dg.in_process_executor,
    )
    return dg.Definitions.merge(off(loaded) if ticks_elsewhere(platform.settings) else loaded, surroundings)


defs = definitions(PlatformResource())
