"""What each model version turned out to be worth, from the lake's predictions and the reports on them."""

from datetime import date, timedelta
from typing import NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from fraud_platform.core.performance import live_performance
from fraud_platform.core.reports import join_reports
from fraud_platform.core.time import day_of
from fraud_platform.declared import FEATURE_SET
from fraud_platform.pipeline import tables
from fraud_platform.pipeline.transactions import read_reports
from fraud_platform.storage.lake import Lake

_IDENTITY = ["transaction_id", "customer_id"]
_COLUMNS = ["model_version", *_IDENTITY, "is_fraud", "probability", "event_time_ms"]


class Performance(NamedTuple):
    """Rows of tables.PERFORMANCE, and the reports that joined nothing: they name no customer, several have their id."""

    rows: pa.Table
    ambiguous: int


def performance_of_days(lake: Lake, first: date, last: date, delay_days: int) -> Performance:
    """Of the predictions whose labels mature on the days first to last, both included, `delay_days` after the day."""
    days = [first + timedelta(days=i) for i in range((last - first).days + 1)]
    made = [_performance_of(lake, day, delay_days) for day in days]
    empty = tables.PERFORMANCE.schema.empty_table()
    return Performance(pa.concat_tables([empty, *(day.rows for day in made)]), sum(day.ambiguous for day in made))


def _performance_of(lake: Lake, as_of: date, delay_days: int) -> Performance:
    scored_day = as_of - timedelta(days=delay_days + 1)
    predictions = lake.read(tables.PREDICTIONS, _COLUMNS, scored_day, scored_day).to_pandas()
    if predictions.empty:
        return Performance(tables.PERFORMANCE.schema.empty_table(), 0)
    # What is scored late, after an outage or as it came late, may have been reported before.
    earliest = day_of(int(predictions["event_time_ms"].min()))
    reports = read_reports(lake, earliest, as_of - timedelta(days=1))
    others = _others(lake, reports, predictions, scored_day, as_of)
    identity = pd.concat([predictions[_IDENTITY], others])
    ids, customers = (identity[name].to_numpy(object) for name in _IDENTITY)
    ambiguous = int(join_reports(ids, customers, reports).is_ambiguous.sum())
    return Performance(live_performance(predictions, reports, scored_day, as_of, others), ambiguous)


def _others(
    lake: Lake, reports: pd.DataFrame, predictions: pd.DataFrame, scored_day: date, as_of: date
) -> pd.DataFrame:
    """Predictions of the days around that have the id of a report on the day's without a customer's name.

    Where they are another customer's, nobody knows whom the report means.
    """
    unnamed = reports.loc[reports["customer_id"].isna(), "transaction_id"]
    asked = pa.array(unnamed[unnamed.isin(predictions["transaction_id"])].unique(), pa.string())
    around = pc.field("transaction_id").isin(asked) & (pc.field("date") != pa.scalar(scored_day))
    first = scored_day - timedelta(days=FEATURE_SET.history_days)
    return lake.read(tables.PREDICTIONS, _IDENTITY, first, as_of - timedelta(days=1), where=around).to_pandas()
