"""The training set of one day, split by time and labelled by what was known then, and its resampled train split."""

import json
from datetime import date, timedelta

import dagster as dg
from pydantic import Field

from fraud_platform.core.day_range import a_day
from fraud_platform.core.training.split import time_split
from fraud_platform.defs.columns import schema_of
from fraud_platform.defs.run_config import RunConfig, from_setting
from fraud_platform.errors import TrainingError
from fraud_platform.pipeline import tables
from fraud_platform.pipeline.feature_rows import require_feature_set, require_features
from fraud_platform.pipeline.training_rows import resample_train_split
from fraud_platform.pipeline.training_snapshot import messages_of, snapshot_of
from fraud_platform.pipeline.training_tables import (
    FEATURES_READ,
    ambiguous_reports,
    labelled_splits,
    resampled_table,
)
from fraud_platform.pipeline.transactions import read_reports
from fraud_platform.resources.platform import PlatformResource
from fraud_platform.storage.lake import Lake

ONE_DAY = timedelta(days=1)


class TrainingSetConfig(dg.Config):
    """The day that the training set stands for."""

    as_of: str | None = Field(
        None, description="Day (YYYY-MM-DD) at whose start the model is trained; the day after the last one by default."
    )


class ResampledTrainingSetConfig(RunConfig):
    """How much to resample."""

    smote_ratio: float | None = from_setting("smote_ratio")


@dg.asset(
    group_name="training",
    kinds={"delta"},
    deps=["transaction_features", "labels"],
    pool="training_set",
    metadata=schema_of(tables.TRAINING_SET),
)
def training_set(config: TrainingSetConfig, platform: PlatformResource) -> dg.MaterializeResult:
    """Transactions with features, split and label, as they were known at the start of the day `as_of`."""
    lake, settings = platform.lake, platform.settings
    require_features(lake)
    versions = {table.name: lake.version(table) for table in (tables.FEATURES, tables.LABELS)}
    first_day, as_of = _period(lake, config.as_of)
    split = time_split(as_of, first_day, settings.label_delay_days, settings.validation_days, settings.test_days)
    features = lake.read(
        tables.FEATURES, FEATURES_READ, first_day, split.test.end - ONE_DAY, versions[tables.FEATURES.name]
    )
    require_feature_set(features)
    reports = read_reports(lake, last=as_of - ONE_DAY, version=versions["labels"])
    rows = labelled_splits(features, reports, split, settings.card_blocked_days)
    snapshot = snapshot_of(rows, split, as_of, versions, settings.seed, settings.card_blocked_days)
    snapshot["messages"] = messages_of(lake, settings.kafka_topic, split)
    version = lake.overwrite(tables.TRAINING_SET, rows, {"snapshot": json.dumps(snapshot)})
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": rows.num_rows,
            "table_version": version,
            "as_of": as_of.isoformat(),
            "feature_set": snapshot["feature_set"],
            "reports": len(reports),
            "reports_ambiguous": ambiguous_reports(features, reports),
            "splits": dg.MetadataValue.md(_splits_table(snapshot["splits"])),
            "snapshot": snapshot,
        }
    )


@dg.asset(
    group_name="training",
    kinds={"delta", "scikitlearn"},
    deps=[training_set],
    pool="resampled_training_set",
    metadata=schema_of(tables.RESAMPLED_TRAINING_SET),
)
def resampled_training_set(config: ResampledTrainingSetConfig, platform: PlatformResource) -> dg.MaterializeResult:
    """The train split with synthetic frauds added (SMOTE); validation and test stay as they came."""
    lake = platform.lake
    ratio = config.changed().get("smote_ratio", platform.settings.smote_ratio)
    source_version = lake.version(tables.TRAINING_SET)
    train, resampled = resample_train_split(lake, ratio)
    note = {"training_set_version": str(source_version), "smote_ratio": str(ratio)}
    version = lake.overwrite(tables.RESAMPLED_TRAINING_SET, resampled_table(train, resampled), note)
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
    days = lake.dates(tables.FEATURES)
    newest = days[-1] + ONE_DAY
    chosen = newest if as_of is None else a_day(as_of)
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
