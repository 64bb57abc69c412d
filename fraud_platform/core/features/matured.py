"""Features of an entity as of the start of a day, from matured transactions and the fraud reports known by then."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from fraud_platform.core.arrays import Floats
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


def look_back_days(world: World, declared: Sequence[DeclaredFeature], delay_days: int) -> int:
    """Arrival days before an as-of day that its rows may depend on."""
    return delay_days + _longest(declared) + repeat_days(world)


def _grid(grids: MaturedGrids, declared: DeclaredFeature) -> Floats:
    assert isinstance(declared.line, MaturedLine)
    return declared.line.compute_matured(grids, _window_days(declared))


def _longest(declared: Sequence[DeclaredFeature]) -> int:
    return max(map(_window_days, declared))


def _window_days(declared: DeclaredFeature) -> int:
    return declared.window.milliseconds // DAY_MS
