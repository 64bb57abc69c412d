"""The job that hands a registered version to the running scorer."""

import dagster as dg

promote_model = dg.define_asset_job(
    "promote_model",
    selection=["deployed_model"],
    description="Make a version the champion, and wait until the scorer has taken it.",
)


def promotion_of(version: int, reason: str) -> dict:
    """Run config of promote_model for a version."""
    return {"ops": {"deployed_model": {"config": {"version": version, "reason": reason}}}}
