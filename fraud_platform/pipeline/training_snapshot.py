"""What a training set was made from: written with the table's commit, carried on into the model bundle."""

import json
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from fraud_platform.core.training.split import TimeSplit
from fraud_platform.declared import FEATURE_SET
from fraud_platform.pipeline import tables
from fraud_platform.pipeline.rejections import rejected_and_all
from fraud_platform.pipeline.training_tables import SPLITS, offset_ranges
from fraud_platform.storage.lake import Lake

Snapshot = dict[str, Any]


def snapshot_of(
    rows: pa.Table, split: TimeSplit, as_of: date, versions: dict[str, int], seed: int, card_blocked_days: int
) -> Snapshot:
    """What gives the same rows again: days, offsets and label cut-off of each split, table versions, settings."""
    return {
        "as_of": as_of.isoformat(),
        "feature_set": FEATURE_SET.hash,
        "seed": seed,
        "card_blocked_days": card_blocked_days,
        "table_versions": versions,
        "splits": {name: _part(rows, split, name) for name in SPLITS},
    }


def messages_of(lake: Lake, topic: str, split: TimeSplit) -> dict[str, int]:
    """Messages of the days that a model is judged on, and how many of them were rejected."""
    last = split.test.end - timedelta(days=1)
    rejected, messages = rejected_and_all(lake, topic, split.validation.start, last)
    return {"rejected": rejected, "all": messages}


def read_snapshot(lake: Lake) -> Snapshot:
    """Snapshot of the training set that is in the lake now."""
    return json.loads(lake.note(tables.TRAINING_SET)["snapshot"])


def read_split(lake: Lake, name: str, columns: Sequence[str]) -> pa.Table:
    """Rows of one split of the training set; splits do not share days, so the other files' rows are skipped by day."""
    part = read_snapshot(lake)["splits"][name]
    end = date.fromisoformat(part["end_day"])
    return lake.read(tables.TRAINING_SET, columns, date.fromisoformat(part["first_day"]), end - timedelta(days=1))


def _part(rows: pa.Table, split: TimeSplit, name: str) -> dict[str, Any]:
    part, days = rows.filter(pc.field("split") == name), getattr(split, name)
    return {
        "first_day": days.start.isoformat(),
        "end_day": days.end.isoformat(),
        "labels_known_by": days.labels_known_by.isoformat(),
        "transactions": part.num_rows,
        "frauds": pc.sum(part["label"]).as_py() or 0,
        "blocked": pc.sum(part["blocked"]).as_py() or 0,
        "offsets": offset_ranges(part),
    }
