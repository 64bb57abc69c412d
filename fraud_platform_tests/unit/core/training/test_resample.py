import numpy as np
import pytest

from fraud_platform.core.training.resample import smote
from fraud_platform.errors import TrainingError
from fraud_platform_tests.support.training_rows import dated_rows

ROWS = dated_rows(seed=3)
CATEGORY = 2
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


def with_category(of_left: float, of_right: float, of_legitimate: float) -> np.ndarray:
    """Frauds in two heaps far from each other, each with a category of its own."""
    features = ROWS.features.copy()
    frauds = np.flatnonzero(ROWS.labels)
    is_left = np.arange(len(frauds)) % 2 == 0
    features[frauds, 10] = np.where(is_left, -1000.0, 1000.0) + np.arange(len(frauds)) / 100
    features[:, CATEGORY] = of_legitimate
    features[frauds, CATEGORY] = np.where(is_left, of_left, of_right)
    return features


def synthetic(features: np.ndarray, seed: int = 1, labels: np.ndarray = ROWS.labels) -> np.ndarray:
    result = smote(features, labels, 0.2, seed, [CATEGORY])
    return result.features[result.synthetic]


LEFT, RIGHT, LEGITIMATE = -7.1e17, 8.7654321e18, 3.0


def test_a_synthetic_fraud_has_the_category_of_its_neighbours():
    made_up = synthetic(with_category(LEFT, RIGHT, LEGITIMATE))
    is_left = made_up[:, 10] < 0
    assert 0 < is_left.sum() < len(made_up)
    assert set(made_up[is_left, CATEGORY]) == {LEFT}
    assert set(made_up[~is_left, CATEGORY]) == {RIGHT}


def test_a_category_is_never_a_value_between_two():
    features = ROWS.features.copy()
    features[:, CATEGORY] = np.random.default_rng(5).choice([LEFT, RIGHT, LEGITIMATE], len(features))
    assert set(synthetic(features)[:, CATEGORY]) == {LEFT, RIGHT, LEGITIMATE}


def test_a_category_that_only_legitimate_rows_have_is_never_a_fraud_s():
    features = ROWS.features.copy()
    features[:, CATEGORY] = np.where(ROWS.labels, np.random.default_rng(5).choice([LEFT, RIGHT], len(features)), 3.0)
    assert set(synthetic(features)[:, CATEGORY]) <= {LEFT, RIGHT}


def test_what_the_values_of_a_category_are_changes_nothing_else():
    plain, renamed = synthetic(with_category(1.0, 2.0, 3.0)), synthetic(with_category(LEFT, RIGHT, 9e18))
    assert np.array_equal(np.delete(plain, CATEGORY, axis=1), np.delete(renamed, CATEGORY, axis=1))


def test_beside_a_category_the_other_columns_hold_only_values_that_real_rows_could():
    features = with_category(LEFT, RIGHT, LEGITIMATE)
    features[:, 5] = np.where(np.arange(len(features)) % 2 == 0, -1.0, np.abs(features[:, 5]))
    made_up = synthetic(features)
    assert np.all(made_up[:, 1] == np.round(made_up[:, 1])) and set(np.unique(made_up[:, 3])) == {0.0, 1.0}
    assert not np.any((made_up[:, 5] > -1) & (made_up[:, 5] < 0))
    assert np.all(made_up >= features.min(axis=0)) and np.all(made_up <= features.max(axis=0))
    assert len(np.unique(made_up[:, 0])) > len(made_up) / 2, "numbers are interpolated"


def test_with_a_category_the_real_rows_stay_and_the_seed_decides_the_others():
    features = with_category(LEFT, RIGHT, LEGITIMATE)
    result = smote(features, ROWS.labels, 0.2, 1, [CATEGORY])
    assert np.array_equal(result.features[: len(features)], features)
    assert result.labels.sum() == int(0.2 * (len(features) - FRAUDS))
    assert np.array_equal(synthetic(features, 1), synthetic(features, 1))
    assert not np.array_equal(synthetic(features, 1), synthetic(features, 2))


def test_two_frauds_of_different_categories_are_enough():
    labels = np.arange(len(ROWS.labels)) < 2
    features = ROWS.features.copy()
    features[:, CATEGORY] = np.where(np.arange(len(labels)) % 2 == 0, LEFT, RIGHT)
    assert set(synthetic(features, labels=labels)[:, CATEGORY]) <= {LEFT, RIGHT}
