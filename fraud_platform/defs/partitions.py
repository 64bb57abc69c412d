"""The one partition scheme: a partition is a day of arrivals in UTC. What depends on which days."""

import warnings
from datetime import date, timedelta

import dagster as dg

from fraud_platform.settings import load_settings

# Backfill policies and look-back mappings are beta; the Dagster version is pinned, so nobody has to be told.
warnings.filterwarnings("ignore", category=dg.BetaWarning)

# First day and label delay belong to the definitions themselves, so here, and only here,
# settings are read at import.
_SETTINGS = load_settings()
LABEL_DELAY_DAYS = _SETTINGS.label_delay_days
DAILY = dg.DailyPartitionsDefinition(
    start_date=_SETTINGS.start_date.isoformat(),
    timezone="UTC",
    end_offset=1,  # the open day can be materialised, and again when it is over
)
ONE_RUN = dg.BackfillPolicy.single_run()
"""Many days are one run with one Spark job over one range."""


def days_of(context: dg.AssetExecutionContext) -> tuple[date, date]:
    """First and last day, both included, that this run materialises."""
    window = context.partition_time_window
    return window.start.date(), window.end.date() - timedelta(days=1)


def days_before(earliest: int, latest: int) -> dg.TimeWindowPartitionMapping:
    """A day depends on the days from `earliest` to `latest` before it, as far as there are any."""
    return dg.TimeWindowPartitionMapping(
        start_offset=-earliest, end_offset=-latest, allow_nonexistent_upstream_partitions=True
    )
