"""Materialises the training set and its resampled split over a small lake. No service, no JVM."""

import dagster as dg
import pyarrow as pa

from fraud_platform.defs.training.assets import resampled_training_set, training_set
from fraud_platform.defs.training.checks import (
    both_classes_in_each_split,
    only_the_train_split_is_resampled,
    splits_keep_the_label_delay,
)
from fraud_platform.resources.platform import PlatformResource
from fraud_platform_tests.support.feature_lake import SPLIT

ASSETS = [training_set, resampled_training_set]
CHECKS = [splits_keep_the_label_delay, both_classes_in_each_split, only_the_train_split_is_resampled]


def platform_at(folder, **settings) -> PlatformResource:
    values = {"data_dir": folder, "smote_ratio": 0.1, **SPLIT, **settings}
    return PlatformResource(overrides={name: str(value) for name, value in values.items()})


def materialise(platform: PlatformResource, config: dict | None = None, **options) -> dg.ExecuteInProcessResult:
    ops = {name: {"config": values} for name, values in (config or {}).items()}
    return dg.materialize([*ASSETS, *CHECKS], {"ops": ops}, resources={"platform": platform}, **options)


def changed(rows: pa.Table, name: str, values: object) -> pa.Table:
    return rows.set_column(rows.column_names.index(name), name, values)
