import numpy as np
import pytest

from fraud_platform.core.training.resample import smote
from fraud_platform.errors import TrainingError
from fraud_platform_tests.support.training_rows import dated_rows

ROWS = dated_rows(seed=3)
FRAUDS = int(ROWS.labels.sum())


def test_adds_frauds_up_to_the_ratio_and_leaves_the_real_rows_as_they_were():
    result = smote(ROWS.features, ROWS.labels, 0.2, seed=1)
    real = len(ROWS.labels)
    assert np.array_equal(result.features[:real], ROWS.features)
    assert np.array_equal(result.labels[:real], ROWS.labels)
    assert not result.synthetic[:real].any() and result.synthetic[real:].all() and result.labels[real:].all()
    assert result.labels.sum() == int(0.2 * (real - FRAUDS))


@pytest.mark.parametrize("ratio", [0.0, 0.001])
def test_changes_nothing_when_off_or_when_the_ratio_is_reached(ratio):
    result = smote(ROWS.features, ROWS.labels, ratio, seed=1)
    assert np.array_equal(result.features, ROWS.features) and not result.synthetic.any()


def test_the_seed_decides_the_synthetic_rows():
    first, again, other = (smote(ROWS.features, ROWS.labels, 0.2, seed) for seed in (1, 1, 2))
    assert np.array_equal(first.features, again.features)
    assert not np.array_equal(first.features, other.features)


def test_synthetic_rows_hold_only_values_that_real_rows_could():
    features = ROWS.features.copy()
    unknown = np.arange(len(features)) % 2 == 0
    features[:, 5] = np.where(unknown, -1.0, np.abs(features[:, 5]))
    result = smote(features, ROWS.labels, 0.2, seed=1)
    made_up = result.features[result.synthetic]
    assert np.all(made_up[:, 1] == np.round(made_up[:, 1])), "an hour is whole"
    assert set(np.unique(made_up[:, 3])) == {0.0, 1.0}
    assert not np.any((made_up[:, 5] > -1) & (made_up[:, 5] < 0)), "-1 stands for unknown"
    assert np.all(made_up >= features.min(axis=0)) and np.all(made_up <= features.max(axis=0))


def test_neighbours_do_not_depend_on_the_units_of_a_feature():
    scaled = ROWS.features * np.where(np.arange(ROWS.features.shape[1]) == 8, 2.0**20, 1.0)
    plain, in_small_units = (smote(features, ROWS.labels, 0.2, seed=1) for features in (ROWS.features, scaled))
    assert np.allclose(plain.features[:, 10], in_small_units.features[:, 10])


def test_two_frauds_are_enough_and_one_is_an_error():
    labels = np.arange(len(ROWS.labels)) < 2
    assert smote(ROWS.features, labels, 0.05, seed=1).labels.sum() == int(0.05 * (len(labels) - 2))
    with pytest.raises(TrainingError, match="train has 1"):
        smote(ROWS.features, np.arange(len(labels)) < 1, 0.05, seed=1)
