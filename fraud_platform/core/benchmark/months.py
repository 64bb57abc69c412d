"""The protocol of a declared world: train on the first months, validate on the last but one, test on the last."""

from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd

from fraud_platform.core.arrays import Bools, Days
from fraud_platform.core.declaration.declaration import Declaration
from fraud_platform.core.declaration.kinds.value import Value
from fraud_platform.core.features.declared_features import declared_features
from fraud_platform.core.shap import shap_table, strongest
from fraud_platform.core.time import DAY_MS
from fraud_platform.core.training.calibrate import calibrate
from fraud_platform.core.training.candidates import boost
from fraud_platform.core.training.category_codes import CategoryCodes
from fraud_platform.core.training.dataset import DatedRows
from fraud_platform.core.training.evaluate import Evaluation, evaluate
from fraud_platform.core.training.params import Boosting
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
class Periods:
    """First and last day of each part."""

    train: tuple[date, date]
    validation: tuple[date, date]
    test: tuple[date, date]


@dataclass(frozen=True)
class Outcome:
    """What a model of a declaration is worth on the test month."""

    periods: Periods
    evaluation: Evaluation
    named_in_reasons: dict[str, float]
    """Feature → the share of the test month's alerts that has it among its strongest reasons."""


def declared_rows(declaration: Declaration, transactions: pd.DataFrame, delay_days: int) -> DatedRows:
    """Transactions in the order of time, as `read_declared` gives them, with features (n, F)."""
    is_fraud = transactions["is_fraud"].to_numpy(bool)
    features, duplicate = declared_features(declaration, transactions, is_fraud, delay_days)
    world = declaration.world
    key, amount = world.with_role("key") or world.of_role("transaction"), world.with_role("amount")
    times_ms = transactions[world.of_role("time").name].to_numpy(np.int64)
    rows = DatedRows(
        features,
        is_fraud,
        (times_ms // DAY_MS).astype("datetime64[D]"),
        transactions[key.name].to_numpy(object),
        transactions[amount.name].to_numpy(float) if amount else np.zeros(len(is_fraud)),
    )
    return rows.select(~duplicate)


def evaluate_months(declaration: Declaration, rows: DatedRows, seed: int) -> Outcome:
    """Fit on the first months, calibrate and set the threshold on validation, judge on the test month.

    The same rows and seed give the same scores. Raises TrainingError where a part lacks frauds.
    """
    parts = Months.of(rows.days)
    for name, part in (("train", parts.train), ("validation", parts.validation), ("test", parts.test)):
        if not rows.labels[part].any():
            raise TrainingError(f"the {name} months have no fraud: take data of more months, or with more frauds")
    codes = CategoryCodes.learnt(rows.features[parts.train], _categories(declaration))
    rows = replace(rows, features=codes.coded(rows.features))
    train, validation, test = (rows.select(part) for part in (parts.train, parts.validation, parts.test))
    model = boost(train, BOOSTING, seed, validation)
    raw = model.predict_proba(validation.features)
    calibration = calibrate(raw, validation.labels)
    threshold = threshold_for_budget(calibration(raw), validation.day_count, ALERTS_PER_DAY)
    probabilities = calibration(model.predict_proba(test.features))
    alerts = np.asfortranarray(test.features[probabilities >= threshold.value], dtype=np.float32)
    named_by = strongest(shap_table(model.classifier).values(alerts, -1), REASONS)
    shares = np.bincount(named_by.ravel(), minlength=alerts.shape[1]) / max(len(alerts), 1)
    named = {feature.name: float(share) for feature, share in zip(declaration.features, shares, strict=True)}
    periods = Periods(*(_period(part) for part in (train, validation, test)))
    return Outcome(periods, evaluate(probabilities, test, threshold), named)


def _period(rows: DatedRows) -> tuple[date, date]:
    return rows.days.min().item(), rows.days.max().item()


def _categories(declaration: Declaration) -> list[int]:
    """Columns of the features that are values of categories."""
    return [
        column
        for column, declared in enumerate(declaration.declared)
        if isinstance(declared.line, Value) and not declaration.world.field(declared.line.of).NUMERIC
    ]
