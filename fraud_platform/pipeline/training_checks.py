"""What a training set promises, as measures of its tables: no future in it, both classes everywhere."""

from collections.abc import Mapping
from datetime import date, timedelta
from itertools import pairwise
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from fraud_platform.pipeline import tables
from fraud_platform.pipeline.training_snapshot import read_split
from fraud_platform.pipeline.training_tables import SPLITS
from fraud_platform.storage.lake import Lake


def days_between_splits(lake: Lake) -> dict[str, int]:
    """Days between the last day of a split and the first of the next; only splits that have rows are there."""
    rows = lake.read(tables.TRAINING_SET, ("split", "date"))
    found = rows.group_by("split").aggregate([("date", "min"), ("date", "max")]).to_pylist()
    bounds: dict[str, tuple[date, date]] = {row["split"]: (row["date_min"], row["date_max"]) for row in found}
    return {
        f"{before} to {after}": (bounds[after][0] - bounds[before][1] - timedelta(days=1)).days
        for before, after in pairwise(SPLITS)
        if before in bounds and after in bounds
    }


class Classes(NamedTuple):
    """Frauds of each split, and what is missing, in words. Validation and test without blocked cards."""

    frauds: Mapping[str, int]
    missing: list[str]


def classes_of_splits(lake: Lake) -> Classes:
    """Which splits have frauds and legitimate transactions."""
    rows = lake.read(tables.TRAINING_SET, ("split", "label", "blocked"))
    rows = rows.filter((pc.field("split") == "train") | ~pc.field("blocked"))
    counts = rows.group_by(["split", "label"]).aggregate([([], "count_all")])
    present = {(row["split"], row["label"]): row["count_all"] for row in counts.to_pylist()}
    missing = [
        f"{name} has no {'fraud' if label else 'legitimate transaction'}"
        for name in SPLITS
        for label in (True, False)
        if (name, label) not in present
    ]
    return Classes({name: present.get((name, True), 0) for name in SPLITS}, missing)


class Resampled(NamedTuple):
    """Row counts of the resampled train split, and whether its real rows are those of the train split, each once."""

    real: int
    train: int
    synthetic: int
    synthetic_legitimate: int
    is_the_train_split: bool


def resampled_rows(lake: Lake) -> Resampled:
    """Counts the resampled rows, and compares the real ones with the train split."""
    rows = lake.read(tables.RESAMPLED_TRAINING_SET, ("transaction_id", "label", "synthetic"))
    real, synthetic = rows.filter(pc.invert(rows["synthetic"])), rows.filter(rows["synthetic"])
    train = read_split(lake, "train", ("transaction_id",))
    legitimate = synthetic.num_rows - (pc.sum(synthetic["label"]).as_py() or 0)
    same = _sorted_ids(real).equals(_sorted_ids(train))
    return Resampled(real.num_rows, train.num_rows, synthetic.num_rows, legitimate, same)


def _sorted_ids(rows: pa.Table) -> pa.Array:
    return rows["transaction_id"].combine_chunks().sort()
