"""What a training set promises: no future in it, both classes everywhere, and synthetic rows in train only."""

from datetime import timedelta
from itertools import pairwise

import dagster as dg
import pyarrow as pa
import pyarrow.compute as pc

from fraud_platform.defs.training.assets import resampled_training_set, training_set
from fraud_platform.defs.training.snapshot import read_split
from fraud_platform.defs.training.tables import SPLITS
from fraud_platform.resources.platform import PlatformResource


@dg.asset_check(asset=training_set, blocking=True)
def splits_keep_the_label_delay(platform: PlatformResource) -> dg.AssetCheckResult:
    """Between the last day of a split and the first of the next lie at least LABEL_DELAY_DAYS days."""
    rows = platform.lake.read("training/set", ("split", "date"))
    bounds = {row["split"]: row for row in _by_split(rows, [("date", "min"), ("date", "max")])}
    delay = timedelta(days=platform.settings.label_delay_days)
    gaps = {
        f"{before} to {after}": bounds[after]["date_min"] - bounds[before]["date_max"] - timedelta(days=1)
        for before, after in pairwise(SPLITS)
        if before in bounds and after in bounds
    }
    kept = len(gaps) == len(SPLITS) - 1 and min(gaps.values()) >= delay
    return dg.AssetCheckResult(
        passed=kept,
        metadata={f"days from {name}": gap.days for name, gap in gaps.items()},
        description=None if kept else f"{delay.days} days are needed between splits: materialise training_set again",
    )


@dg.asset_check(asset=training_set, blocking=True)
def both_classes_in_each_split(platform: PlatformResource) -> dg.AssetCheckResult:
    """Every split has frauds and legitimate transactions, validation and test of cards that were not blocked."""
    rows = platform.lake.read("training/set", ("split", "label", "blocked"))
    rows = rows.filter((pc.field("split") == "train") | ~pc.field("blocked"))
    counts = rows.group_by(["split", "label"]).aggregate([([], "count_all")])
    present = {(row["split"], row["label"]): row["count_all"] for row in counts.to_pylist()}
    missing = [
        f"{name} has no {'fraud' if label else 'legitimate transaction'}"
        for name in SPLITS
        for label in (True, False)
        if (name, label) not in present
    ]
    return dg.AssetCheckResult(
        passed=not missing,
        metadata={f"{name} frauds": present.get((name, True), 0) for name in SPLITS},
        description="; ".join(missing) or "all three have both, validation and test without blocked cards",
    )


@dg.asset_check(asset=resampled_training_set, blocking=True)
def only_the_train_split_is_resampled(platform: PlatformResource) -> dg.AssetCheckResult:
    """The real rows are those of the train split, each once; what was added is fraud."""
    rows = platform.lake.read("training/resampled", ("transaction_id", "label", "synthetic"))
    real, synthetic = rows.filter(pc.invert(rows["synthetic"])), rows.filter(rows["synthetic"])
    train = read_split(platform.lake, "train", ("transaction_id",))
    same = _sorted_ids(real).equals(_sorted_ids(train))
    legitimate = synthetic.num_rows - (pc.sum(synthetic["label"]).as_py() or 0)
    return dg.AssetCheckResult(
        passed=same and legitimate == 0,
        metadata={"real_rows": real.num_rows, "train_rows": train.num_rows, "synthetic_rows": synthetic.num_rows},
        description=None if same else "the real rows are not those of the train split: resample it again",
    )


def _sorted_ids(rows: pa.Table) -> pa.Array:
    return rows["transaction_id"].combine_chunks().sort()


def _by_split(rows: pa.Table, aggregations: list[tuple[str, str]]) -> list[dict]:
    return rows.group_by("split").aggregate(aggregations).to_pylist()
