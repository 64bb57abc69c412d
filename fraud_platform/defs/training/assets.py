"""The training set of one day, split by time and labelled by what was known then, and its resampled train split."""

import json
from datetime import date, timedelta

import dagster as dg
from pydantic import Field

from fraud_platform.core.features.table import FEATURE_NAMES
from fraud_platform.core.training.split import time_split
from fraud_platform.defs.training.snapshot import read_snapshot, read_split, snapshot_of
from fraud_platform.defs.training.tables import (
    FEATURES_READ,
    labelled_splits,
    labels,
    resampled_table,
)
from fraud_platform.errors import TrainingError
from fraud_platform.resources.platform import PlatformResource
from fraud_platform.storage.feature_rows import feature_matrix, require_feature_set
from fraud_platform.storage.lake import Lake
from fraud_platform.storage.transactions import read_reports

ONE_DAY = timedelta(days=1)


class TrainingSetConfig(dg.Config):
    """The day that the training set stands for."""

    as_of: str | None = Field(
        None, description="Day (YYYY-MM-DD) at whose start the model is trained; the day after the last one by default."
    )


class ResampledTrainingSetConfig(dg.Config):
    """How much to resample."""

    smote_ratio: float | None = Field(None, ge=0, le=1, description="Overrides SMOTE_RATIO; 0 switches it off.")


@dg.asset(group_name="training", kinds={"delta"}, deps=["transaction_features", "raw_labels"], pool="training_set")
def training_set(config: TrainingSetConfig, platform: PlatformResource) -> dg.MaterializeResult:
    """Transactions with features, split and label, as they were known at the start of the day `as_of`."""
    lake, settings = platform.lake, platform.settings
    versions = {table: lake.version(table) for table in ("features/transactions", "raw/labels")}
    first_day, as_of = _period(lake, config.as_of)
    split = time_split(as_of, first_day, settings.label_delay_days, settings.validation_days, settings.test_days)
    features = lake.read(
        "features/transactions", FEATURES_READ, first_day, split.test.end - ONE_DAY, versions["features/transactions"]
    )
    require_feature_set(features)
    reports = read_reports(lake, last=as_of - ONE_DAY, version=versions["raw/labels"])
    rows = labelled_splits(features, reports, split, settings.card_blocked_days)
    snapshot = snapshot_of(rows, split, as_of, versions, settings.seed, settings.card_blocked_days)
    version = lake.overwrite("training/set", rows, {"snapshot": json.dumps(snapshot)})
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": rows.num_rows,
            "table_version": version,
            "as_of": as_of.isoformat(),
            "feature_set": snapshot["feature_set"],
            "splits": dg.MetadataValue.md(_splits_table(snapshot["splits"])),
            "snapshot": snapshot,
        }
    )


@dg.asset(group_name="training", kinds={"delta", "scikitlearn"}, deps=[training_set], pool="resampled_training_set")
def resampled_training_set(config: ResampledTrainingSetConfig, platform: PlatformResource) -> dg.MaterializeResult:
    """The train split with synthetic frauds added (SMOTE); validation and test stay as they came."""
    from fraud_platform.core.training.resample import smote

    lake = platform.lake
    ratio = platform.settings.smote_ratio if config.smote_ratio is None else config.smote_ratio
    source_version = lake.version("training/set")
    train = read_split(lake, "train", ("row", "transaction_id", "label", *FEATURE_NAMES)).sort_by("row")
    resampled = smote(feature_matrix(train), labels(train), ratio, read_snapshot(lake)["seed"])
    note = {"training_set_version": str(source_version), "smote_ratio": str(ratio)}
    version = lake.overwrite("training/resampled", resampled_table(train, resampled), note)
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": len(resampled.labels),
            "table_version": version,
            "smote_ratio": ratio,
            "frauds": int((resampled.labels & ~resampled.synthetic).sum()),
            "synthetic_frauds": int(resampled.synthetic.sum()),
        }
    )


def _period(lake: Lake, as_of: str | None) -> tuple[date, date]:
    """First day with features, and the day to train for: the one after the last such day where none is named."""
    days = lake.dates("features/transactions")
    if not days:
        raise TrainingError("features/transactions has no rows: materialise transaction_features for some days")
    newest = days[-1] + ONE_DAY
    chosen = newest if as_of is None else date.fromisoformat(as_of)
    if chosen > newest:
        raise TrainingError(
            f"as_of={chosen}, and features end with {days[-1]}: materialise transaction_features up to "
            f"{chosen - ONE_DAY}, or train as of {newest}"
        )
    return days[0], chosen


def _splits_table(splits: dict[str, dict]) -> str:
    lines = [
        "| split | days | transactions | of blocked cards | frauds | share |",
        "|---|---|--:|--:|--:|--:|",
    ]
    for name, part in splits.items():
        share = part["frauds"] / max(part["transactions"], 1)
        lines.append(
            f"| {name} | {part['first_day']} to before {part['end_day']} | {part['transactions']:,} "
            f"| {part['blocked']:,} | {part['frauds']:,} | {share:.3%} |"
        )
    return "\n".join(lines)
