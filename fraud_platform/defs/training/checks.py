"""What a training set promises: no future in it, both classes everywhere, and synthetic rows in train only."""

import dagster as dg

from fraud_platform.defs.training.assets import resampled_training_set, training_set
from fraud_platform.pipeline.training_checks import classes_of_splits, days_between_splits, resampled_rows
from fraud_platform.pipeline.training_tables import SPLITS
from fraud_platform.resources.platform import PlatformResource


@dg.asset_check(asset=training_set, blocking=True)
def splits_keep_the_label_delay(platform: PlatformResource) -> dg.AssetCheckResult:
    """Between the last day of a split and the first of the next lie at least LABEL_DELAY_DAYS days."""
    gaps, delay = days_between_splits(platform.lake), platform.settings.label_delay_days
    kept = len(gaps) == len(SPLITS) - 1 and min(gaps.values()) >= delay
    return dg.AssetCheckResult(
        passed=kept,
        metadata={f"days from {name}": days for name, days in gaps.items()},
        description=None if kept else f"{delay} days are needed between splits: materialise training_set again",
    )


@dg.asset_check(asset=training_set, blocking=True)
def both_classes_in_each_split(platform: PlatformResource) -> dg.AssetCheckResult:
    """Every split has frauds and legitimate transactions, validation and test of cards that were not blocked."""
    classes = classes_of_splits(platform.lake)
    return dg.AssetCheckResult(
        passed=not classes.missing,
        metadata={f"{name} frauds": count for name, count in classes.frauds.items()},
        description="; ".join(classes.missing) or "all three have both, validation and test without blocked cards",
    )


@dg.asset_check(asset=resampled_training_set, blocking=True)
def only_the_train_split_is_resampled(platform: PlatformResource) -> dg.AssetCheckResult:
    """The real rows are those of the train split, each once; what was added is fraud."""
    rows = resampled_rows(platform.lake)
    same = rows.is_the_train_split
    return dg.AssetCheckResult(
        passed=same and rows.synthetic_legitimate == 0,
        metadata={"real_rows": rows.real, "train_rows": rows.train, "synthetic_rows": rows.synthetic},
        description=None if same else "the real rows are not those of the train split: resample it again",
    )
