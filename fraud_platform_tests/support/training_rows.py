"""A small learnable problem in the shape of the declared features."""

import numpy as np

from fraud_platform.core.training.dataset import Dataset, DatedRows
from fraud_platform.core.training.params import TrainingParams
from fraud_platform.core.training.resample import smote
from fraud_platform_tests.support.simulated_world import FEATURE_NAMES, FEATURE_SET

PARAMS = TrainingParams(
    epochs=40,
    learning_rate=0.1,
    batch_size=256,
    smote_ratio=0.1,
    alert_budget_per_day=10,
    min_alert_probability=0.01,
    seed=7,
    label_delay_days=7,
    validation_days=4,
    test_days=4,
    card_blocked_days=14,
)


def dated_rows(seed: int, count: int = 2000, first_day: str = "2026-01-01", days: int = 4) -> DatedRows:
    """Rows of which about 4 % are frauds, mostly told by two of the features."""
    rng = np.random.default_rng(np.random.SeedSequence(seed))
    features = rng.normal(size=(count, len(FEATURE_NAMES))) * np.exp(np.arange(len(FEATURE_NAMES)) % 4)
    features[:, 1] = rng.integers(0, 24, count)
    features[:, 3] = rng.integers(0, 2, count)
    labels = features[:, 0] + features[:, 3] + 0.5 * rng.normal(size=count) > 2.4
    arrival = np.datetime64(first_day, "D") + np.sort(rng.integers(0, days, count))
    return DatedRows(features, labels, arrival, rng.integers(0, 300, count), rng.lognormal(3, 1, count))


def dataset(seed: int = 1) -> Dataset:
    """A resampled training set with later validation and test rows."""
    train = dated_rows(seed)
    return Dataset(
        FEATURE_SET,
        smote(train.features, train.labels, PARAMS.smote_ratio, PARAMS.seed),
        dated_rows(seed + 1, first_day="2026-02-01"),
        dated_rows(seed + 2, first_day="2026-03-01"),
    )
