"""All features of a declaration, of labelled transactions at rest: what a benchmark trains and judges on."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from fraud_platform.core.arrays import Bools, Floats
from fraud_platform.core.declaration.declaration import Declaration, DeclaredFeature
from fraud_platform.core.declaration.kinds.matured_line import MaturedLine
from fraud_platform.core.declaration.kinds.velocity_line import VelocityLine
from fraud_platform.core.features.event_layout import ARRIVAL_MS, TIME_MS, TRANSACTION, EventArray
from fraud_platform.core.features.fraud_status import FraudReports
from fraud_platform.core.features.kernel import FeatureKernel
from fraud_platform.core.features.matured import matured_features
from fraud_platform.core.features.matured_grids import MaturedTransactions
from fraud_platform.core.features.windows import Int
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
    times_ms = declaration.world.of_role("time").encoded(columns[declaration.world.of_role("time").name])
    events = kernel.layout.rows(columns, times_ms)
    result = kernel.features(kernel.layout.empty, events)
    values = dict(zip((one.feature.name for one in others), result.values.T, strict=True))
    for entity in dict.fromkeys(_entity(one) for one in matured):
        own = [one for one in matured if _entity(one) == entity]
        found = _as_of_each_day(declaration, own, columns[entity], events, is_fraud, delay_days)
        values |= dict(zip((one.feature.name for one in own), found.T, strict=True))
    features = np.column_stack([values[feature.name] for feature in declaration.features])
    features[result.duplicate] = 0.0
    return features, result.duplicate


def _entity(declared: DeclaredFeature) -> str:
    """The field whose values have the feature."""
    assert isinstance(declared.line, MaturedLine)
    return declared.line.per


def _as_of_each_day(
    declaration: Declaration,
    declared: Sequence[DeclaredFeature],
    entities: Any,
    events: EventArray,
    is_fraud: Bools,
    delay_days: int,
) -> Floats:
    """Features (n, len(declared)) of each row's entity, as its day's table has them."""
    codes: Int = pd.factorize(np.asarray(entities, object))[0].astype(np.int64)
    day = events[ARRIVAL_MS] // DAY_MS
    known = np.flatnonzero(codes >= 0)
    fields = {field.name: np.ascontiguousarray(events[field.name][known]) for field in _of_events(declaration, events)}
    transactions = MaturedTransactions(codes[known], events[TRANSACTION][known], day[known], fields)
    frauds = np.flatnonzero(is_fraud[known])
    reports = FraudReports(
        frauds,
        day[known][frauds] + delay_days + 1,
        events[TIME_MS][known][frauds] + delay_days * DAY_MS,
        np.ones(len(frauds), bool),
    )
    first, last = int(day.min()), int(day.max())
    table = matured_features(declaration.world, declared, transactions, reports, (first, last), delay_days)
    span = last - first + 1
    found = pd.Index(table.entity * span + table.day - first).get_indexer(codes * span + day - first)
    found[codes < 0] = -1
    # get_indexer gives -1, the last row, to entities that are not in the day's table.
    return np.vstack((table.values, [one.feature.default for one in declared]))[found]


def _of_events(declaration: Declaration, events: EventArray) -> list[Any]:
    """Fields that have a column of their own in event rows."""
    return [field for field in declaration.world if field.name in (events.dtype.names or ())]
