"""The matrices that training passes around: rows to fit on, and dated rows to decide and judge on."""

from dataclasses import dataclass

import numpy as np

from fraud_platform.core.arrays import Bools, Days, Floats, Ids
from fraud_platform.errors import TrainingError


@dataclass(frozen=True)
class TrainRows:
    """Features (n, F) and labels (n,) to fit on; `synthetic` (n,) marks the rows that resampling made up."""

    features: Floats
    labels: Bools
    synthetic: Bools


@dataclass(frozen=True)
class DatedRows:
    """Real transactions with their arrival days, customers and amounts: features (n, F), the rest (n,)."""

    features: Floats
    labels: Bools
    days: Days
    customer_ids: Ids
    amounts: Floats

    @property
    def day_count(self) -> int:
        """Days with at least one transaction."""
        return len(np.unique(self.days))

    def select(self, rows: Bools) -> "DatedRows":
        """The rows of a mask (n,)."""
        return DatedRows(
            self.features[rows], self.labels[rows], self.days[rows], self.customer_ids[rows], self.amounts[rows]
        )


@dataclass(frozen=True)
class Dataset:
    """A training set: train is resampled already, validation and test never are."""

    train: TrainRows
    validation: DatedRows
    test: DatedRows

    def require_both_classes(self) -> None:
        """Raise TrainingError where a split lacks frauds or legitimate transactions."""
        for name, rows in (("train", self.train), ("validation", self.validation), ("test", self.test)):
            frauds = int(np.count_nonzero(rows.labels))
            if frauds == 0 or frauds == len(rows.labels):
                raise TrainingError(
                    f"the {name} split has {frauds} frauds among {len(rows.labels)} transactions, both classes are "
                    "needed: take a longer period, or more VALIDATION_DAYS or TEST_DAYS"
                )
