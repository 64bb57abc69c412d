"""The one partition scheme: a partition is a day of arrivals in UTC."""

from datetime import date, timedelta

import dagster as dg

from fraud_platform.settings import load_settings

# The first day belongs to the definition itself, so here, and only here, settings are read at import.
DAILY = dg.DailyPartitionsDefinition(
    start_date=load_settings().start_date.isoformat(),
    timezone="UTC",
    end_offset=1,  # the open day can be materialised, and again when it is over
)
ONE_RUN = dg.BackfillPolicy.single_run()
"""Many days are one run with one Spark job over one range."""

Days = tuple[date, date]
"""First and last day, both included."""


def days_of(context: dg.AssetExecutionContext) -> Days:
    """Days that this run materialises."""
    window = context.partition_time_window
    return window.start.date(), window.end.date() - timedelta(days=1)
