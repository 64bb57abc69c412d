"""The matrices that training passes around: rows to fit on, and dated rows to decide and judge on."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from fraud_platform.core.arrays import Bools, Days, Floats, Ids
from fraud_platform.core.features.feature_set import FeatureSet
from fraud_platform.core.training.category_codes import CategoryCodes
from fraud_platform.core.training.split import DayRange, known_labels
from fraud_platform.errors import TrainingError


@dataclass(frozen=True)
class TrainRows:
    """Features (n, F) and labels (n,) to fit on; `synthetic` (n,) marks the rows that resampling made up."""

    features: Floats
    labels: Bools
    synthetic: Bools


@dataclass(frozen=True)
class DatedRows:
    """Real transactions with their arrival days, customers and amounts: features (n, F), the rest (n,).

    Rankings and decisions are judged on the `open` rows: nobody looks at a card that is blocked already.
    Probabilities are judged on all, since the scorer gives every transaction one.
    """

    features: Floats
    labels: Bools
    days: Days
    customer_ids: Ids
    amounts: Floats
    blocked: Bools | None = None
    """Transactions whose card was blocked, see `split.blocked_cards`; None: not one."""

    @property
    def open(self) -> Bools:
        """Mask (n,) of the transactions whose card was not blocked."""
        return np.ones(len(self.labels), bool) if self.blocked is None else ~self.blocked

    @cached_property
    def judged(self) -> "DatedRows":
        """The open rows."""
        return self if self.open.all() else self.select(self.open)

    @property
    def day_count(self) -> int:
        """Days with at least one transaction."""
        return len(np.unique(self.days))

    def select(self, rows: Bools) -> "DatedRows":
        """The rows of a mask (n,)."""
        return DatedRows(
            self.features[rows],
            self.labels[rows],
            self.days[rows],
            self.customer_ids[rows],
            self.amounts[rows],
            None if self.blocked is None else self.blocked[rows],
        )


@dataclass(frozen=True)
class FeatureRows:
    """Transactions in arrival order with features (n, F), and the reports from which a fold takes its labels."""

    feature_set: FeatureSet
    transaction_ids: Ids
    features: Floats
    days: Days
    customer_ids: Ids
    amounts: Floats
    blocked: Bools
    """See `split.blocked_cards`; the same in all folds."""
    reports: pd.DataFrame
    """As `split.known_labels` takes them."""

    def labelled(self, part: DayRange) -> DatedRows:
        """The rows of a range with the labels that were known when it counts."""
        chosen = part.contains(self.days)
        labels = known_labels(self.transaction_ids, self.customer_ids, self.reports, part.labels_known_by)
        return DatedRows(
            self.features[chosen],
            labels[chosen],
            self.days[chosen],
            self.customer_ids[chosen],
            self.amounts[chosen],
            self.blocked[chosen],
        )


@dataclass(frozen=True)
class Dataset:
    """A training set: train is resampled already, validation and test never are."""

    feature_set: FeatureSet
    """What the columns of the features are."""
    train: TrainRows
    validation: DatedRows
    test: DatedRows

    def coded(self, codes: CategoryCodes) -> "Dataset":
        """The same with codes in the place of categories."""
        return replace(
            self,
            train=replace(self.train, features=codes.coded(self.train.features)),
            validation=replace(self.validation, features=codes.coded(self.validation.features)),
            test=replace(self.test, features=codes.coded(self.test.features)),
        )

    def require_both_classes(self) -> None:
        """Raise TrainingError where a split lacks frauds or legitimate transactions of cards that were not blocked."""
        for name, labels in (
            ("train", self.train.labels),
            ("validation", self.validation.judged.labels),
            ("test", self.test.judged.labels),
        ):
            frauds = int(np.count_nonzero(labels))
            if frauds == 0 or frauds == len(labels):
                raise TrainingError(
                    f"the {name} split has {frauds} frauds among {len(labels)} transactions of cards that were not "
                    "blocked, both classes are needed: take a longer period, more VALIDATION_DAYS or TEST_DAYS, or "
                    "fewer CARD_BLOCKED_DAYS"
                )
