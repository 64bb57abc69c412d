"""All features of a declaration, of labelled transactions at rest: what a benchmark trains and judges on."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from fraud_platform.core.arrays import Bools, Floats
from fraud_platform.core.declaration.declaration import Declaration
from fraud_platform.core.features.entity_events import entity_events_of
from fraud_platform.core.features.event_layout import TRANSACTION, EventArray
from fraud_platform.core.features.feature_set import FeatureSet, default_rows
from fraud_platform.core.features.matured import as_of_each_day
from fraud_platform.core.features.matured_grids import MaturedTransactions
from fraud_platform.core.features.velocity import velocities_among
from fraud_platform.core.features.windows import Int
from fraud_platform.core.time import DAY_MS


def declared_features(
    declaration: Declaration, columns: Mapping[str, Any], is_fraud: Bools, delay_days: int
) -> tuple[Floats, Bools]:
    """Features (n, F) in the order of the declaration, zeros for duplicates, and which rows are duplicates (n,).

    Rows arrive at the time of their event, in the order of time. A label is known `delay_days`
    after the event, and to features of a day from the day after that on. columns: values (n,)
    by field, None and NaN where unknown; an optional field may be left out.
    """
    feature_set = FeatureSet(declaration)
    times_ms = declaration.world.field(feature_set.time).encoded(columns[feature_set.time])
    events = feature_set.layout.rows(columns, times_ms)
    arrangement = feature_set.kernel.arrange(feature_set.layout.empty, events)
    result = feature_set.kernel.features_of(arrangement)
    velocities = np.empty((len(events), 0))
    if feature_set.velocity.entities:
        velocities = velocities_among(feature_set.velocity, entity_events_of(feature_set.velocity, arrangement))
    matured = _matured(feature_set, columns, events, (times_ms, is_fraud), delay_days)
    features = feature_set.joined(result.values, matured, velocities)
    features[result.duplicate] = 0.0
    return features, result.duplicate


def _matured(
    feature_set: FeatureSet,
    columns: Mapping[str, Any],
    events: EventArray,
    labels: tuple[Int, Bools],
    delay_days: int,
) -> Floats:
    times_ms, is_fraud = labels
    layout, world = feature_set.layout, feature_set.world
    encoded = {name: np.ascontiguousarray(events[layout.column_of(name)]) for name in feature_set.matured_fields}
    parts = [default_rows((), len(events))]
    for entity, declared in feature_set.matured.items():
        codes = pd.factorize(np.asarray(columns[entity], object))[0].astype(np.int64)
        transactions = MaturedTransactions(codes, events[TRANSACTION], times_ms // DAY_MS, encoded)
        parts.append(as_of_each_day(world, declared, transactions, times_ms, is_fraud, delay_days))
    return np.hstack(parts)
