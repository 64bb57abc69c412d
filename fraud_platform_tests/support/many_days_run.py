"""A small asset graph whose run over many days leaves every kind of event that Dagster stores in batches."""

import warnings
from typing import Any

import dagster as dg
from dagster._core.events import BATCH_WRITABLE_EVENTS

from fraud_platform.resources.event_log import PLANNED

DAYS = 20
RANGE = {"dagster/asset_partition_range_start": "2026-01-01", "dagster/asset_partition_range_end": f"2026-01-{DAYS}"}


def definitions() -> dg.Definitions:
    """Two tables by day, a model of all of them, and a check of each kind."""
    days = dg.DailyPartitionsDefinition(start_date="2026-01-01", timezone="UTC")
    with warnings.catch_warnings():
        for category in (dg.BetaWarning, dg.PreviewWarning):
            warnings.simplefilter("ignore", category)
        by_day: dict[str, Any] = {"partitions_def": days, "backfill_policy": dg.BackfillPolicy.single_run()}

        @dg.asset(**by_day)
        def table() -> dg.MaterializeResult:
            return dg.MaterializeResult(metadata={"rows": 7}, tags={"seen": "yes"})

        @dg.asset(**by_day, deps=[table])
        def report() -> None:
            pass

        @dg.asset(deps=[report])
        def model() -> None:
            pass

        @dg.asset_check(asset=table, partitions_def=days)
        def of_each_day() -> dg.AssetCheckResult:
            return dg.AssetCheckResult(passed=True)

        @dg.asset_check(asset=model)
        def of_all() -> dg.AssetCheckResult:
            return dg.AssetCheckResult(passed=True)

        return dg.Definitions(
            assets=[table, report, model],
            asset_checks=[of_each_day, of_all],
            jobs=[dg.define_asset_job("everything")],
        )


def batches() -> list[list[dg.EventLogEntry]]:
    """The events of a run over the days that Dagster gives out in batches, as such, in their order."""
    with dg.DagsterInstance.ephemeral() as instance:
        run = definitions().resolve_job_def("everything").execute_in_process(instance=instance, tags=RANGE)
        events = [event for event in instance.all_logs(run.run_id) if event.dagster_event_type in BATCH_WRITABLE_EVENTS]
    planned = [event for event in events if event.dagster_event_type in PLANNED]
    reported: dict[str | None, list[dg.EventLogEntry]] = {}
    for event in events[len(planned) :]:
        reported.setdefault(event.step_key, []).append(event)
    return [planned, *reported.values()]
