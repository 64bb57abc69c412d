"""Between the lake's training tables and the matrices that core/training works on."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from fraud_platform.core.arrays import Bools, Days, Ids
from fraud_platform.core.reports import join_reports
from fraud_platform.core.training.dataset import DatedRows, TrainRows
from fraud_platform.core.training.split import DayRange, TimeSplit, blocked_cards, known_labels
from fraud_platform.declared import FEATURE_SET
from fraud_platform.pipeline import tables
from fraud_platform.pipeline.feature_rows import feature_matrix
from fraud_platform.pipeline.transactions import in_arrival_order

SPLITS = ("train", "validation", "test")
IDENTITY = ("date", "kafka_partition", "kafka_offset", "transaction_id", "customer_id", "event_time_ms")
_FEATURES = tuple(dict.fromkeys((*FEATURE_SET.names, tables.AMOUNT)))
FEATURES_READ = (*IDENTITY, *_FEATURES, "feature_set")
DATED_ROWS_READ = ("row", "label", "date", "customer_id", "blocked", *_FEATURES)


def labelled_splits(features: pa.Table, reports: pd.DataFrame, split: TimeSplit, card_blocked_days: int) -> pa.Table:
    """The rows of the three splits in arrival order; rows between them are left out.

    reports: as `known_labels` takes them. Added are `split`, `label`, `blocked` and `row`, which
    numbers the rows: a table in the lake has no order, and the order decides what a seed draws.
    """
    ordered = in_arrival_order(features)
    days = ordered["date"].to_numpy()
    ids, customers = ordered["transaction_id"].to_numpy(), ordered["customer_id"].to_numpy()
    blocked = blocked_cards(ids, customers, days.astype("datetime64[D]"), reports, card_blocked_days)
    ordered = ordered.append_column("blocked", pa.array(blocked))
    rows = pa.concat_tables([_labelled(ordered, ids, customers, days, name, reports, split) for name in SPLITS])
    numbered = rows.add_column(0, "row", pa.array(np.arange(rows.num_rows)))
    return numbered.select(tables.TRAINING_SET.schema.names).cast(tables.TRAINING_SET.schema)


def ambiguous_reports(features: pa.Table, reports: pd.DataFrame) -> int:
    """Reports that joined nothing, since they name no customer and several have their id."""
    ids, customers = (features[name].to_numpy() for name in ("transaction_id", "customer_id"))
    return int(join_reports(ids, customers, reports).is_ambiguous.sum())


def resampled_table(train: pa.Table, resampled: TrainRows) -> pa.Table:
    """The resampled rows with `row`, `label`, `synthetic` and transaction_id, which is null in synthetic ones."""
    made_up = int(resampled.synthetic.sum())
    columns = {
        "row": np.arange(len(resampled.labels)),
        "transaction_id": pa.chunked_array([*train["transaction_id"].chunks, pa.nulls(made_up, pa.string())]),
        "label": resampled.labels,
        "synthetic": resampled.synthetic,
        **{name: resampled.features[:, column] for column, name in enumerate(FEATURE_SET.names)},
    }
    return pa.table(columns, tables.RESAMPLED_TRAINING_SET.schema)


def train_rows(table: pa.Table) -> TrainRows:
    """Matrices of training/resampled."""
    ordered = table.sort_by("row")
    return TrainRows(feature_matrix(ordered), labels(ordered), _flags(ordered, "synthetic"))


def dated_rows(table: pa.Table) -> DatedRows:
    """Matrices of one split of training/set."""
    ordered = table.sort_by("row")
    return DatedRows(
        features=feature_matrix(ordered),
        labels=labels(ordered),
        days=ordered["date"].to_numpy().astype("datetime64[D]"),
        customer_ids=np.asarray(ordered["customer_id"].to_pandas(), object),
        amounts=ordered[tables.AMOUNT].to_numpy(),
        blocked=_flags(ordered, "blocked"),
    )


def labels(table: pa.Table) -> Bools:
    """Labels (n,)."""
    return _flags(table, "label")


def offset_ranges(table: pa.Table) -> dict[str, list[int]]:
    """First offset and the one after the last, of each Kafka partition that the rows came from."""
    bounds = table.group_by("kafka_partition").aggregate([("kafka_offset", "min"), ("kafka_offset", "max")])
    rows: Sequence[dict[str, Any]] = bounds.sort_by("kafka_partition").to_pylist()
    return {str(r["kafka_partition"]): [r["kafka_offset_min"], r["kafka_offset_max"] + 1] for r in rows}


def _labelled(
    rows: pa.Table, ids: Ids, customers: Ids, days: Days, name: str, reports: pd.DataFrame, split: TimeSplit
) -> pa.Table:
    """The rows of one split, labelled as of its own time."""
    part: DayRange = getattr(split, name)
    known = known_labels(ids, customers, reports, part.labels_known_by)
    labelled = rows.append_column("split", pa.repeat(name, rows.num_rows)).append_column("label", pa.array(known))
    return labelled.filter(part.contains(days))


def _flags(table: pa.Table, name: str) -> Bools:
    return table[name].to_numpy().astype(bool)
