"""A small learnable problem with a category: most frauds are made over one channel, which no number tells."""

import numpy as np

from fraud_platform.core.declaration.reading import read_declaration
from fraud_platform.core.features.feature_set import FeatureSet
from fraud_platform.core.training.dataset import Dataset, DatedRows
from fraud_platform.core.training.resample import smote
from fraud_platform_tests.support.training_rows import PARAMS

FEATURE_SET = FeatureSet(
    read_declaration(
        """
name: categories
fields:
  id: {type: id, role: transaction}
  card: {type: id, role: key}
  at: {type: timestamp, role: time, unit: ms}
  paid: {type: decimal, role: amount, scale: 2}
  score: {type: number}
  channel: {type: category}
  country: {type: category, optional: true}
features:
  - {value: score}
  - {value: channel}
  - {calendar: hour}
  - {value: country}
""",
        "categories.yaml",
    )
)
SCORE, CHANNEL, HOUR, COUNTRY = range(4)
CHANNELS = FEATURE_SET.world.field("channel").encoded(["chip", "online", "atm"]).astype(float)
COUNTRIES = np.array([0.0, *FEATURE_SET.world.field("country").encoded(["FR", "DE"]).astype(float)])
"""Hashes, as the kernel gives them; 0 means unknown."""
ONLINE = CHANNELS[1]


def dated_rows(seed: int, first_day: str, count: int = 2000, days: int = 4) -> DatedRows:
    rng = np.random.default_rng(np.random.SeedSequence(seed))
    columns = [rng.normal(size=count), rng.choice(CHANNELS, count), rng.integers(0, 24, count)]
    features = np.column_stack([*columns, rng.choice(COUNTRIES, count)])
    odds = features[:, SCORE] + 2.5 * (features[:, CHANNEL] == ONLINE) + 0.5 * rng.normal(size=count)
    arrival = np.datetime64(first_day, "D") + np.sort(rng.integers(0, days, count))
    return DatedRows(features, odds > 3.5, arrival, rng.integers(0, 300, count), rng.lognormal(3, 1, count))


def dataset(seed: int = 1) -> Dataset:
    """A resampled training set with later validation and test rows."""
    train = dated_rows(seed, "2026-01-01")
    return Dataset(
        FEATURE_SET,
        smote(train.features, train.labels, PARAMS.smote_ratio, PARAMS.seed, FEATURE_SET.categories),
        dated_rows(seed + 1, "2026-02-01"),
        dated_rows(seed + 2, "2026-03-01"),
    )
