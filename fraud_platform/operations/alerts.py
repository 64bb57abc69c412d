"""The alerts of a day for the people who look at them, with what was reported on each."""

from datetime import date, timedelta
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from fraud_platform.core.reports import holding_reports
from fraud_platform.core.time import day_of, day_start_ms
from fraud_platform.declared import FEATURE_SET
from fraud_platform.errors import LakeError
from fraud_platform.operations.early_labels import reports_since
from fraud_platform.pipeline import tables
from fraud_platform.pipeline.transactions import REPORT_COLUMNS, read_reports
from fraud_platform.settings import Settings
from fraud_platform.storage.lake import Lake

_IDENTITY = ["transaction_id", "customer_id"]
_COLUMNS = [*_IDENTITY, "event_time_ms", "probability", "threshold", "model_version", "reasons"]
_PLACE = ["source_partition", "source_offset"]


class Alert(msgspec.Struct, frozen=True):
    """A transaction that somebody is to look at."""

    transaction_id: str
    customer_id: str
    """The key, whatever the declaration calls it."""
    event_time_ms: int
    probability: float
    threshold: float
    model_version: int
    amount: float | None
    """None where the lake does not have its features yet, or the world has no amount."""
    reasons: list[str]
    reported_fraud: bool | None
    """By the report that holds; None while there is none, which is what is open."""
    reported_by: str | None
    """chargeback or review."""


def newest_day(lake: Lake) -> date:
    """The last day with predictions; raises LakeError where there is none."""
    days = lake.dates(tables.PREDICTIONS)
    if not days:
        raise LakeError("serving/predictions has no rows: materialise scored_transactions for some days")
    return days[-1]


def alerts_of(settings: Settings, lake: Lake, day: date, *, only_open: bool = False) -> list[Alert]:
    """Alerts among the lake's predictions of a day, the most probable first.

    Reports are those of the lake and what the labels topic has got since. Raises LakeError where
    there are no predictions yet, ServiceUnavailableError where Kafka is away.
    """
    made = lake.read(tables.PREDICTIONS, [*_COLUMNS, *_PLACE], day, day, where=pc.field("is_fraud"))
    if not made.num_rows:
        return []
    rows = made.sort_by([("probability", "descending"), ("transaction_id", "ascending")])
    reports = _reports(settings, lake, day_of(pc.min(rows["event_time_ms"]).as_py()))
    holds = _holding(lake, rows, reports, day)
    amounts = _amounts(lake, rows)
    found = []
    for row, report in zip(rows.to_pylist(), holds.tolist(), strict=True):
        if report >= 0 and only_open:
            continue
        place = tuple(row.pop(name) for name in _PLACE)
        of_it = reports.iloc[report] if report >= 0 else None
        found.append(Alert(**row, amount=amounts.get(place), **_reported(of_it)))
    return found


def _reported(report: pd.Series | None) -> dict[str, Any]:
    if report is None:
        return {"reported_fraud": None, "reported_by": None}
    source = report["source"]
    return {
        "reported_fraud": bool(report["is_fraud"]),
        "reported_by": source if isinstance(source, str) else "chargeback",
    }


def _reports(settings: Settings, lake: Lake, first: date) -> pd.DataFrame:
    """Reports that came from a day on, in arrival order."""
    days = lake.dates(tables.LABELS) if lake.exists(tables.LABELS) else []
    stored = read_reports(lake, first) if days else pd.DataFrame(columns=REPORT_COLUMNS)
    newer = reports_since(settings, day_start_ms(max(days[-1], first) if days else first))
    parts = [part for part in (stored, newer) if len(part)]
    return pd.concat(parts, ignore_index=True) if parts else newer


def _holding(lake: Lake, rows: pa.Table, reports: pd.DataFrame, day: date) -> np.ndarray:
    """Of each alert the report that holds; transactions of other days with the same ids tell whom a report means."""
    asked = pa.array(reports["transaction_id"].unique(), pa.string())
    own = rows.filter(pc.is_in(rows["transaction_id"], asked))["transaction_id"]
    same_id = pc.field("transaction_id").isin(pc.unique(own))
    around = timedelta(days=FEATURE_SET.history_days)
    others = lake.read(tables.PREDICTIONS, _IDENTITY, day - around, day + around, where=same_id)
    both = pa.concat_tables([rows.select(_IDENTITY), others]).to_pandas()
    ids, customers = (both[name].to_numpy(object) for name in _IDENTITY)
    return holding_reports(ids, customers, reports)[: rows.num_rows]


def _amounts(lake: Lake, rows: pa.Table) -> dict[tuple[int, int], float]:
    """Amount by place in the transactions topic."""
    if FEATURE_SET.amount is None or not lake.exists(tables.FEATURES):
        return {}
    of_alerts = pc.field("transaction_id").isin(rows["transaction_id"].combine_chunks())
    columns = ["kafka_partition", "kafka_offset", tables.AMOUNT]
    found = lake.read(tables.FEATURES, columns, where=of_alerts)
    partitions, offsets, amounts = (found[name].to_pylist() for name in columns)
    return dict(zip(zip(partitions, offsets, strict=True), amounts, strict=True))
