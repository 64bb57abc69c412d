"""The table of SHAP values against CatBoost's own, which is slow, and against a tree worked by hand."""

import numpy as np
import pytest
from catboost import CatBoostClassifier, Pool

from fraud_platform.core.shap import _of_tree, shap_table


def fitted(depth: int, columns: int = 8, **options) -> tuple[CatBoostClassifier, np.ndarray]:
    rng = np.random.default_rng(3)
    features = np.asfortranarray(rng.normal(size=(600, columns)), dtype=np.float32)
    labels = features[:, 0] + features[:, 1] * features[:, -1] + rng.normal(size=600) > 1
    model = CatBoostClassifier(
        iterations=30, depth=depth, random_seed=5, thread_count=1, verbose=False, allow_writing_files=False, **options
    )
    return model.fit(features, labels), features


@pytest.mark.parametrize(
    ("depth", "columns", "options"),
    [
        (1, 8, {}),
        (4, 8, {}),
        (6, 8, {}),
        (6, 2, {}),
        (3, 8, {"scale_pos_weight": 7.0}),
        (6, 8, {"min_data_in_leaf": 9}),
    ],
)
def test_values_are_those_of_catboost(depth, columns, options):
    model, features = fitted(depth, columns, **options)
    # Rows far from those of training reach leaves that no training row is in.
    rows = np.asfortranarray(np.vstack((features[:40], 5 * features[:40])))
    expected = model.get_feature_importance(Pool(rows), type="ShapValues")
    table = shap_table(model)
    assert np.allclose(table.values(rows, 1), expected[:, :-1], rtol=0, atol=1e-9)
    assert table.base == pytest.approx(expected[0, -1], abs=1e-9)


def test_a_tree_of_two_levels_by_hand():
    # Root on feature 7, then feature 3; leaves 0, 0, 0, 4 with 1, 1, 1, 1 rows: a conjunction. The mean is 1.
    expected, owed = _of_tree((7, 3), np.array([0.0, 0, 0, 4]), np.ones(4))
    assert expected == 1.0
    # Last leaf: each alone lifts the mean from 1 to 2, and after the other from 2 to 4: (1 + 2) / 2 each.
    assert owed[7].tolist() == [-0.5, -1.5, 0.5, 1.5]
    assert owed[3].tolist() == [-0.5, 0.5, -1.5, 1.5]


def test_a_feature_that_a_tree_splits_on_twice_is_one():
    expected, owed = _of_tree((2, 2), np.array([0.0, 1, 2, 3]), np.array([3.0, 1, 0, 4]))
    assert list(owed) == [2]
    assert owed[2] + expected == pytest.approx([0, 1, 2, 3])
