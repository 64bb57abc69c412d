"""The training set and its resampled train split, read from the lake into the matrices that models are fitted on."""

import pyarrow as pa

from fraud_platform.core.training.dataset import Dataset, DatedRows, TrainRows
from fraud_platform.declared import FEATURE_SET
from fraud_platform.errors import TrainingError
from fraud_platform.pipeline import tables
from fraud_platform.pipeline.feature_rows import feature_matrix
from fraud_platform.pipeline.training_snapshot import read_snapshot, read_split
from fraud_platform.pipeline.training_tables import DATED_ROWS_READ, dated_rows, labels, train_rows
from fraud_platform.storage.lake import Lake


def read_dataset(lake: Lake, smote_ratio: float | None = None) -> Dataset:
    """The dataset to train on.

    smote_ratio: None takes the rows of training/resampled; where they were made with another
    ratio, the train split is resampled with this one, in memory. Raises TrainingError where the
    rows are those of an older training set.
    """
    if smote_ratio is None or smote_ratio == read_smote_ratio(lake):
        train = _read_resampled(lake)
    else:
        _, train = resample_train_split(lake, smote_ratio)
    return Dataset(FEATURE_SET, train, _read_dated(lake, "validation"), read_test_rows(lake))


def resample_train_split(lake: Lake, smote_ratio: float) -> tuple[pa.Table, TrainRows]:
    """The train split in its order, and what SMOTE makes of it with the training set's seed."""
    from fraud_platform.core.training.resample import smote

    train = read_split(lake, "train", ("row", "transaction_id", "label", *FEATURE_SET.names)).sort_by("row")
    return train, smote(
        feature_matrix(train), labels(train), smote_ratio, read_snapshot(lake)["seed"], FEATURE_SET.categories
    )


def read_test_rows(lake: Lake) -> DatedRows:
    """The test split of the training set that is in the lake now: what every model is judged on."""
    return _read_dated(lake, "test")


def read_smote_ratio(lake: Lake) -> float:
    """Ratio that the resampled rows in the lake were made with."""
    return float(lake.note(tables.RESAMPLED_TRAINING_SET)["smote_ratio"])


def _read_resampled(lake: Lake) -> TrainRows:
    source, version = (
        lake.note(tables.RESAMPLED_TRAINING_SET)["training_set_version"],
        lake.version(tables.TRAINING_SET),
    )
    if source != str(version):
        raise TrainingError(
            f"training/resampled was made from version {source} of training/set, which is at {version} now: "
            "materialise resampled_training_set again"
        )
    return train_rows(lake.read(tables.RESAMPLED_TRAINING_SET, ("row", "label", "synthetic", *FEATURE_SET.names)))


def _read_dated(lake: Lake, name: str) -> DatedRows:
    return dated_rows(read_split(lake, name, DATED_ROWS_READ))
