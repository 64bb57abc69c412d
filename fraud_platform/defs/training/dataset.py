"""The training set and its resampled train split, read from the lake into the matrices that models are fitted on."""

from fraud_platform.core.features.table import FEATURE_NAMES
from fraud_platform.core.training.dataset import Dataset, DatedRows
from fraud_platform.defs.training.snapshot import read_split
from fraud_platform.defs.training.tables import DATED_ROWS_READ, dated_rows, train_rows
from fraud_platform.errors import TrainingError
from fraud_platform.storage.lake import Lake


def read_dataset(lake: Lake) -> Dataset:
    """The dataset to train on; raises TrainingError where the resampled rows are those of an older training set."""
    source, version = lake.note("training/resampled")["training_set_version"], lake.version("training/set")
    if source != str(version):
        raise TrainingError(
            f"training/resampled was made from version {source} of training/set, which is at {version} now: "
            "materialise resampled_training_set again"
        )
    train = lake.read("training/resampled", ("row", "label", "synthetic", *FEATURE_NAMES))
    return Dataset(train_rows(train), _read_dated(lake, "validation"), read_test_rows(lake))


def read_test_rows(lake: Lake) -> DatedRows:
    """The test split of the training set that is in the lake now: what every model is judged on."""
    return _read_dated(lake, "test")


def read_smote_ratio(lake: Lake) -> float:
    """Ratio that the resampled rows in the lake were made with."""
    return float(lake.note("training/resampled")["smote_ratio"])


def _read_dated(lake: Lake, name: str) -> DatedRows:
    return dated_rows(read_split(lake, name, DATED_ROWS_READ))
