"""The protocol of a declared world: train on the first months, validate on the last but one, test on the last."""

from dataclasses import dataclass

import numpy as np

from fraud_platform.core.arrays import Bools, Days
from fraud_platform.core.declaration.declaration import Declaration
from fraud_platform.core.shap import shap_table
from fraud_platform.core.training.calibrate import calibrate
from fraud_platform.core.training.candidates import boost
from fraud_platform.core.training.category_codes import CategoryCodes
from fraud_platform.core.training.dataset import DatedRows
from fraud_platform.core.training.evaluate import Evaluation, evaluate
from fraud_platform.core.training.params import Boosting
from fraud_platform.core.training.resample import smote
from fraud_platform.core.training.threshold import threshold_for_budget
from fraud_platform.errors import TrainingError

BOOSTING = Boosting(rounds=1000, learning_rate=0.1)
"""At most: validation cuts them where its average precision is best."""
ALERTS_PER_DAY = 100
REASONS = 3
"""Of an alert, those that a reviewer reads."""


@dataclass(frozen=True)
class Months:
    """Masks (n,) of the rows of each part."""

    train: Bools
    validation: Bools
    test: Bools

    @classmethod
    def of(cls, days: Days) -> "Months":
        """Raises TrainingError where the days (n,) lie in less than three calendar months."""
        month = days.astype("datetime64[M]")
        months = np.unique(month)
        if len(months) < 3:
            raise TrainingError(
                f"the data lie in {len(months)} calendar months ({days.min()} to {days.max()}): the protocol trains on "
                "all but the last two, validates on one and tests on one"
            )
        return cls(month < months[-2], month == months[-2], month == months[-1])


@dataclass(frozen=True)
class Outcome:
    """What a model of a declaration is worth on the test month."""

    evaluation: Evaluation
    named_in_reasons: dict[str, float]
    """Feature → the share of the test month's alerts that has it among its strongest reasons."""


def evaluate_months(declaration: Declaration, rows: DatedRows, smote_ratio: float, seed: int) -> Outcome:
    """Fit on the first months, calibrate and set the threshold on validation, judge on the test month.

    The same rows and seed give the same scores. Raises TrainingError where a part lacks frauds.
    """
    parts = Months.of(rows.days)
    for name, part in (("train", parts.train), ("validation", parts.validation), ("test", parts.test)):
        if not rows.labels[part].any():
            raise TrainingError(f"the {name} months have no fraud: take data of more months, or with more frauds")
    codes = CategoryCodes.learnt(rows.features[parts.train], _categories(declaration))
    features = codes.coded(rows.features)
    train, validation, test = (
        DatedRows(features[part], rows.labels[part], rows.days[part], rows.customer_ids[part], rows.amounts[part])
        for part in (parts.train, parts.validation, parts.test)
    )
    resampled = smote(train.features, train.labels, smote_ratio, seed, codes.is_category(features.shape[1]))
    model = boost(resampled, BOOSTING, seed, validation)
    raw = model.predict_proba(validation.features)
    calibration = calibrate(raw, validation.labels)
    threshold = threshold_for_budget(calibration(raw), validation.day_count, ALERTS_PER_DAY)
    probabilities = calibration(model.predict_proba(test.features))
    alerts = test.features[probabilities >= threshold.value].astype(np.float32)
    moved = shap_table(model.classifier).values(np.asfortranarray(alerts), -1)
    strongest = np.argsort(-np.abs(moved), axis=1, kind="stable")[:, :REASONS]
    shares = np.bincount(strongest.ravel(), minlength=features.shape[1]) / max(len(alerts), 1)
    named = {feature.name: float(share) for feature, share in zip(declaration.features, shares, strict=True)}
    return Outcome(evaluate(probabilities, test, threshold), named)


def _categories(declaration: Declaration) -> list[int]:
    """Columns of the features that are values of categories."""
    return [column for column, feature in enumerate(declaration.features) if feature.unit == "category"]
