"""Who is asked about an asset, a job, a schedule or a sensor: Dagster shows it beside each."""

import warnings

import dagster as dg

# Owners of jobs and sensors are beta; the Dagster version is pinned, so nobody has to be told.
warnings.filterwarnings("ignore", category=dg.BetaWarning)

OWNERS = ["team:fraud-detection"]
