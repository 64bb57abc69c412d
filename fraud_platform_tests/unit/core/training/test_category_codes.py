"""Categories as small codes."""

import numpy as np

from fraud_platform.core.training.category_codes import OTHER, CategoryCodes

HASHES = np.array([2.0**52 + 1, 5.0, -(2.0**51), 5.0, 5.0, -(2.0**51)])


def rows(hashes: np.ndarray) -> np.ndarray:
    return np.column_stack([np.arange(len(hashes)), hashes])


def test_the_most_frequent_value_has_the_first_code():
    codes = CategoryCodes.learnt(rows(HASHES), [1])
    assert codes.coded(rows(HASHES)).tolist() == [[0, 3], [1, 1], [2, 2], [3, 1], [4, 1], [5, 2]]


def test_values_that_were_not_there_are_one_code_together():
    codes = CategoryCodes.learnt(rows(HASHES), [1])
    assert codes.coded(rows(np.array([7.0, 0.0, -1e300, 1e300, 5.0])))[:, 1].tolist() == [OTHER] * 4 + [1]


def test_rows_without_categories_stay_as_they_are():
    features = rows(HASHES)
    assert CategoryCodes.learnt(features, []).coded(features) is features


def test_codes_survive_single_precision():
    hashes = np.unique(np.random.default_rng(1).integers(-(2**52), 2**52, 900).astype(float))
    coded = CategoryCodes.learnt(rows(hashes), [1]).coded(rows(hashes))[:, 1]
    assert len(np.unique(coded.astype(np.float32))) == len(hashes)
