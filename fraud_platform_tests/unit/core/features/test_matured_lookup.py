"""Values of entities, looked up in the table of a day."""

import numpy as np
import pyarrow as pa
import pytest

from fraud_platform.core.declaration.reading import read_declaration
from fraud_platform.core.features.feature_set import FeatureSet
from fraud_platform.core.features.matured_lookup import MaturedLookup, no_matured
from fraud_platform_tests.support.simulated_world import FEATURE_SET, MERCHANT_FEATURES

NAMES = [feature.name for feature in MERCHANT_FEATURES]
DEFAULTS = [feature.default for feature in MERCHANT_FEATURES]
VALUES = {name: [1.0, 2.0] for name in NAMES}
NOW = {"entity": ["merchant_id", "merchant_id"], "value": ["a", "b"], **VALUES}
OF_AN_EARLIER_RELEASE = {"merchant_id": ["a", "b"], **VALUES}
WRITTEN_BY_BOTH = {"merchant_id": ["a", None], "entity": [None, "merchant_id"], "value": [None, "b"], **VALUES}
TWO_ENTITIES = """
name: two
fields:
  id: {type: id, role: transaction}
  card: {type: id, role: key}
  at: {type: timestamp, role: time, unit: ms}
  shop: {type: id, entity: true}
  terminal: {type: id, entity: true, optional: true}
features:
  - {fraud_share: {}, per: shop, over: 7d, default: 0.5}
  - {matured_count: {}, per: terminal, over: [1d, 7d]}
"""


def lookup(rows: dict, *merchants: str | None, feature_set: FeatureSet = FEATURE_SET) -> np.ndarray:
    return MaturedLookup(feature_set, pa.table(rows)).lookup({"merchant_id": np.array(merchants, object)})


@pytest.mark.parametrize("rows", [NOW, OF_AN_EARLIER_RELEASE, WRITTEN_BY_BOTH], ids=["now", "before", "by both"])
def test_a_lookup_gives_unknown_merchants_the_declared_defaults(rows):
    values = lookup(rows, "b", "x", "a", None)
    np.testing.assert_array_equal(values, [[2.0] * len(NAMES), DEFAULTS, [1.0] * len(NAMES), DEFAULTS])


def test_features_that_were_declared_after_the_table_was_made_have_their_defaults_and_are_named():
    older = {name: column for name, column in NOW.items() if name not in NAMES[2:4]}
    found = MaturedLookup(FEATURE_SET, pa.table(older | {NAMES[2]: pa.nulls(2, pa.float64())}))
    assert found.lacking == NAMES[2:4]
    values = found.lookup({"merchant_id": np.array(["b"], object)})
    assert values.tolist() == [[2.0, 2.0, *DEFAULTS[2:4], *[2.0] * (len(NAMES) - 4)]]
    assert MaturedLookup(FEATURE_SET, pa.table(NOW)).lacking == []


def test_an_empty_table_knows_nobody():
    nobody = {"entity": pa.array([], pa.string()), "value": pa.array([], pa.string())}
    empty = nobody | {name: pa.array([], pa.float64()) for name in NAMES}
    np.testing.assert_array_equal(lookup(empty, "a"), [DEFAULTS])


def test_before_there_is_a_table_nobody_is_known():
    np.testing.assert_array_equal(no_matured(FEATURE_SET, 2), [DEFAULTS] * 2)


def test_entities_of_the_same_value_have_each_their_own_row():
    feature_set = FeatureSet(read_declaration(TWO_ENTITIES, "two.yaml"))
    share, day, week = (one.feature.name for one in feature_set.matured_features)
    rows = pa.table(
        {
            "entity": ["shop", "terminal", "terminal"],
            "value": ["a", "a", "b"],
            share: [0.25, None, None],
            day: [None, 1.0, 2.0],
            week: [None, 3.0, 4.0],
        }
    )
    asked = {"shop": np.array(["a", "b", "a"], object), "terminal": np.array(["b", "a", None], object)}
    values = MaturedLookup(feature_set, rows).lookup(asked)
    np.testing.assert_array_equal(values, [[0.25, 2.0, 4.0], [0.5, 1.0, 3.0], [0.25, 0.0, 0.0]])
