"""The one partition scheme: a partition is a day of arrivals in UTC. What depends on which days."""

import warnings
from datetime import UTC, date, datetime

import dagster as dg

from fraud_platform.core.day_range import days_between
from fraud_platform.defs.code_location import SETTINGS
from fraud_platform.errors import UnknownDayError

# Backfill policies and look-back mappings are beta; the Dagster version is pinned, so nobody has to be told.
warnings.filterwarnings("ignore", category=dg.BetaWarning)

RANGE_START, RANGE_END = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"
"""Tags of a run over several days: the first and the last one."""
LABEL_DELAY_DAYS = SETTINGS.label_delay_days
DAILY = dg.DailyPartitionsDefinition(
    start_date=SETTINGS.start_date.isoformat(),
    timezone="UTC",
    end_offset=1,  # the open day can be materialised, and again when it is over
)
ONE_RUN = dg.BackfillPolicy.single_run()
"""Many days are one run with one Spark job over one range."""


def days_of(context: dg.AssetExecutionContext) -> tuple[date, date]:
    """First and last day, both included, that this run materialises.

    Dagster takes any range over its API and any key of a single day, and fails over a day that does not
    exist when the asset is written already. Raises UnknownDayError before anything is read.
    """
    if not (context.has_partition_key or context.has_partition_key_range):
        raise UnknownDayError(
            "no day was chosen: choose a partition or a range of them, or give the run the tags "
            f"{RANGE_START} and {RANGE_END}"
        )
    chosen = context.partition_key_range
    return days_between(chosen.start, chosen.end, SETTINGS.start_date, datetime.now(UTC).date())


def days_before(earliest: int, latest: int) -> dg.TimeWindowPartitionMapping:
    """A day depends on the days from `earliest` to `latest` before it, as far as there are any."""
    return dg.TimeWindowPartitionMapping(
        start_offset=-earliest, end_offset=-latest, allow_nonexistent_upstream_partitions=True
    )
