"""All features of a declaration, of labelled transactions at rest: what a benchmark trains and judges on."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from fraud_platform.core.arrays import Bools, Floats
from fraud_platform.core.declaration.declaration import Declaration, DeclaredFeature
from fraud_platform.core.declaration.kinds.matured_line import MaturedLine
from fraud_platform.core.declaration.kinds.velocity_line import VelocityLine
from fraud_platform.core.features.event_layout import TRANSACTION
from fraud_platform.core.features.kernel import FeatureKernel
from fraud_platform.core.features.matured import as_of_each_day
from fraud_platform.core.features.matured_grids import MaturedTransactions
from fraud_platform.core.time import DAY_MS
from fraud_platform.errors import TrainingError


def declared_features(
    declaration: Declaration, columns: Mapping[str, Any], is_fraud: Bools, delay_days: int
) -> tuple[Floats, Bools]:
    """Features (n, F) in the order of the declaration, zeros for duplicates, and which rows are duplicates (n,).

    Rows arrive at the time of their event, in the order of time. A label is known `delay_days`
    after the event, and to features of a day from the day after that on. columns: values (n,)
    by field, None and NaN where unknown. Raises TrainingError for a declaration with
    velocities, which have no meaning without Kafka's partitions.
    """
    if velocities := declaration.features_of(VelocityLine):
        raise TrainingError(f"{velocities[0].name} counts what arrived over Kafka: leave velocities out of a benchmark")
    matured = [one for one in declaration.declared if isinstance(one.line, MaturedLine)]
    others = [one for one in declaration.declared if one not in matured]
    kernel = FeatureKernel(declaration.world, others)
    time = declaration.world.of_role("time")
    times_ms = time.encoded(columns[time.name])
    events = kernel.layout.rows(columns, times_ms)
    result = kernel.features(kernel.layout.empty, events)
    values = dict(zip((one.feature.name for one in others), result.values.T, strict=True))
    encoded = {name: np.ascontiguousarray(events[kernel.layout.column_of(name)]) for name in declaration.world.names}
    for entity in dict.fromkeys(_entity(one) for one in matured):
        own = [one for one in matured if _entity(one) == entity]
        codes = pd.factorize(np.asarray(columns[entity], object))[0].astype(np.int64)
        transactions = MaturedTransactions(codes, events[TRANSACTION], times_ms // DAY_MS, encoded)
        found = as_of_each_day(declaration.world, own, transactions, times_ms, is_fraud, delay_days)
        values |= dict(zip((one.feature.name for one in own), found.T, strict=True))
    features = np.column_stack([values[feature.name] for feature in declaration.features])
    features[result.duplicate] = 0.0
    return features, result.duplicate


def _entity(declared: DeclaredFeature) -> str:
    """The field whose values have the feature."""
    assert isinstance(declared.line, MaturedLine)
    return declared.line.per
