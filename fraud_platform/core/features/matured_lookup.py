"""What labels tell of entities as of one day, in the table that transactions look them up in."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from fraud_platform.core.arrays import Floats
from fraud_platform.core.features.declaration import Feature
from fraud_platform.core.features.feature_set import FeatureSet, default_rows, defaults

ENTITY, VALUE = "entity", "value"
"""Columns of the table: the field of an entity, and a value of it."""
_MERCHANT = "merchant_id"
"""Of rows that a release before 0.3 wrote, which knew no other entity: their value's column, and its field."""


class MaturedLookup:
    """The rows of one as-of day."""

    def __init__(self, feature_set: FeatureSet, rows: pa.Table) -> None:
        """rows: ENTITY, VALUE and the matured features, one row a value; those of other entities are null in it."""
        rows = _renamed(rows)
        self.lacking: list[str] = []
        """Features that the rows do not have, since these were declared later: defaults stand in their place."""
        self._entities: dict[str, tuple[pd.Index, Floats]] = {}
        for entity, declared in feature_set.matured.items():
            own = rows.filter(pc.equal(rows[ENTITY], entity))
            values = [self._values(own, one.feature) for one in declared]
            # The last row stands for the values that are not there: get_indexer gives them -1.
            found = np.vstack((np.column_stack(values), defaults(declared)))
            self._entities[entity] = pd.Index(own[VALUE].to_pandas().to_numpy(object), dtype=object), found

    def _values(self, rows: pa.Table, feature: Feature) -> Floats:
        if feature.name in rows.column_names and not rows[feature.name].null_count:
            return rows[feature.name].to_numpy()
        if len(rows):
            self.lacking.append(feature.name)
        return np.full(len(rows), feature.default)

    def lookup(self, columns: Mapping[str, NDArray[np.object_]]) -> Floats:
        """The matured features (n, F) in their order; the declared defaults for unknown values.

        columns: of each entity's field the values (n,) as text, None where unknown.
        """
        return np.hstack([found[index.get_indexer(columns[name])] for name, (index, found) in self._entities.items()])


def no_matured(feature_set: FeatureSet, rows: int) -> Floats:
    """The matured features (rows, F) before there is a table: the defaults."""
    return default_rows(feature_set.matured_features, rows)


def lookup_columns(feature_set: FeatureSet) -> list[str]:
    """Fields that `lookup` asks for."""
    return list(feature_set.matured)


def matured_columns(feature_set: FeatureSet) -> Sequence[tuple[str, Any]]:
    """Columns of the features."""
    return [(one.feature.name, pa.float64()) for one in feature_set.matured_features]


def _renamed(rows: pa.Table) -> pa.Table:
    """The same where an earlier release wrote them."""
    if _MERCHANT not in rows.column_names:
        return rows
    if ENTITY not in rows.column_names:
        rows = rows.append_column(ENTITY, pa.nulls(len(rows), pa.string()))
        rows = rows.append_column(VALUE, pa.nulls(len(rows), pa.string()))
    is_old = pc.is_null(rows[ENTITY])
    entity = pc.if_else(is_old, _MERCHANT, rows[ENTITY])
    value = pc.if_else(is_old, rows[_MERCHANT], rows[VALUE])
    for name, column in ((ENTITY, entity), (VALUE, value)):
        rows = rows.set_column(rows.column_names.index(name), name, column)
    return rows
