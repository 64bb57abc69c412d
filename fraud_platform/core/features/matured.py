"""Features of an entity as of the start of a day, from matured transactions and the fraud reports known by then."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from fraud_platform.core.arrays import Bools, Floats
from fraud_platform.core.declaration.declaration import DeclaredFeature
from fraud_platform.core.declaration.kinds.matured_line import MaturedLine
from fraud_platform.core.declaration.world import World
from fraud_platform.core.features.fraud_status import FraudReports
from fraud_platform.core.features.matured_grids import MaturedGrids, MaturedTransactions, repeat_days
from fraud_platform.core.features.windows import Int
from fraud_platform.core.time import DAY_MS


class MaturedRows(NamedTuple):
    """entity and day (r,): as-of days with a transaction in the longest window; values (r, F) of the features."""

    entity: Int
    day: Int
    values: Floats


def matured_features(
    world: World,
    declared: Sequence[DeclaredFeature],
    transactions: MaturedTransactions,
    reports: FraudReports,
    days: tuple[int, int],
    delay_days: int,
) -> MaturedRows:
    """Features of one entity field as of the start of each of the days, first and last included.

    As of day D and for a window of w days: the transactions that arrived on the days
    [D - delay - w, D - delay), and what the newest reports that are known at the start of D
    say of them. Sums are integers, so a day's rows do not depend on the range they were
    computed in, as long as the transactions reach back `look_back_days`.
    """
    grids = MaturedGrids(world, transactions, reports, days, delay_days)
    values = np.stack([_grid(grids, one) for one in declared], axis=-1)
    entity, day = np.nonzero(grids.count((), None, _longest(declared)))
    return MaturedRows(entity, day + days[0], values[entity, day])


def as_of_each_day(
    world: World,
    declared: Sequence[DeclaredFeature],
    transactions: MaturedTransactions,
    times_ms: Int,
    is_fraud: Bools,
    delay_days: int,
) -> Floats:
    """Features (n, F) that the daily table has for each transaction, whose label is known `delay_days` after its time.

    A feature of a day knows the labels of the days before. Defaults stand where the entity's code is negative,
    which means unknown, or where the table does not have it.
    """
    known = np.flatnonzero(transactions.entity >= 0)
    columns = {name: column[known] for name, column in transactions.columns.items()}
    entity, transaction, day = (values[known] for values in transactions[:3])
    frauds = np.flatnonzero(is_fraud[known])
    reports = FraudReports(
        frauds,
        day[frauds] + delay_days + 1,
        times_ms[known][frauds] + delay_days * DAY_MS,
        np.ones(len(frauds), bool),
    )
    first, last = int(transactions.day.min()), int(transactions.day.max())
    matured = MaturedTransactions(entity, transaction, day, columns)
    table = matured_features(world, declared, matured, reports, (first, last), delay_days)
    span = last - first + 1
    place = pd.Index(table.entity * span + table.day - first)
    found = place.get_indexer(transactions.entity * span + transactions.day - first)
    found[transactions.entity < 0] = -1
    # get_indexer gives -1, the last row, to entities that are not in the day's table.
    return np.vstack((table.values, [one.feature.default for one in declared]))[found]


def look_back_days(world: World, declared: Sequence[DeclaredFeature], delay_days: int) -> int:
    """Arrival days before an as-of day that its rows may depend on."""
    return delay_days + _longest(declared) + repeat_days(world)


def _grid(grids: MaturedGrids, declared: DeclaredFeature) -> Floats:
    assert isinstance(declared.line, MaturedLine)
    return declared.line.compute_matured(grids, _window_days(declared))


def _longest(declared: Sequence[DeclaredFeature]) -> int:
    return max(map(_window_days, declared), default=0)


def _window_days(declared: DeclaredFeature) -> int:
    return declared.window.milliseconds // DAY_MS
