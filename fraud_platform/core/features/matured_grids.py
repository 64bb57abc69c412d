"""Sums over matured transactions, of each entity as of the start of each day, and over the reports known by then."""

from collections.abc import Callable, Hashable, Mapping
from typing import Any, NamedTuple, TypeVar, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fraud_platform.core.arrays import Bools
from fraud_platform.core.declaration.conditions import Where
from fraud_platform.core.declaration.world import World
from fraud_platform.core.features.fraud_status import NEVER, FraudReports, Spells, fraud_spells
from fraud_platform.core.features.windows import Int
from fraud_platform.core.time import DAY_MS

T = TypeVar("T")


class MaturedTransactions(NamedTuple):
    """Transactions in arrival order, all (n,); days are numbers since 1970-01-01."""

    entity: Int
    """Codes from 0 on."""
    transaction: Int
    day: Int
    columns: Mapping[str, NDArray[Any]]
    """Encoded values of the fields that the features ask for."""


def repeat_days(world: World) -> int:
    """A transaction id that arrives again within so many days of its previous arrival counts once."""
    return -(-world.history.milliseconds // DAY_MS)


class MaturedGrids:
    """Grids (entities, days) of sums."""

    def __init__(
        self,
        world: World,
        transactions: MaturedTransactions,
        reports: FraudReports,
        days: tuple[int, int],
        delay_days: int,
    ) -> None:
        self.world = world
        self._transactions = transactions
        self._days = days
        self._delay_days = delay_days
        self._entities = int(transactions.entity.max()) + 1 if len(transactions.entity) else 0
        self._is_first = _first_arrivals(transactions, repeat_days(world))
        self._spells = fraud_spells(reports)
        self._shared: dict[Hashable, Any] = {}

    def count(self, where: Where, field: str | None, window_days: int) -> Int:
        """Transactions that meet the condition and know the field."""
        return self._once(
            ("count", where, field, window_days),
            lambda: self._running(self._counted(where, field), np.ones_like(self._transactions.day), window_days),
        )

    def total(self, field: str, where: Where, window_days: int) -> Int:
        """Sum of the field's units over the transactions that meet the condition and know the field."""
        return self._once(
            ("total", where, field, window_days),
            lambda: self._running(
                self._counted(where, field), self._transactions.columns[field].astype(np.int64), window_days
            ),
        )

    def frauds(self, where: Where, window_days: int) -> Int:
        """Transactions that meet the condition and are known as fraud."""

        def made() -> Int:
            row, change, since, until = self._spells
            chosen = self._counted(where, None)[row]
            spells = Spells(row[chosen], change[chosen], since[chosen], until[chosen])
            return self._sum_of(spells, window_days)

        return self._once(("frauds", where, window_days), made)

    def _once(self, what: Hashable, make: Callable[[], T]) -> T:
        if what not in self._shared:
            self._shared[what] = make()
        return cast("T", self._shared[what])

    def _counted(self, where: Where, field: str | None) -> Bools:
        counted = self._is_first.copy()
        for test in where:
            counted &= test.is_met(self.world.field(test.field), self._transactions.columns[test.field])
        if field is not None:
            counted &= self.world.field(field).is_known(self._transactions.columns[field])
        return counted

    def _running(self, counted: Bools, weights: Int, window_days: int) -> Int:
        rows = np.flatnonzero(counted)
        always = np.full(len(rows), self._days[0]), np.full(len(rows), NEVER)
        return self._sum_of(Spells(rows, weights[rows], *always), window_days)

    def _sum_of(self, spells: Spells, window_days: int) -> Int:
        """Sums of weights, each over the as-of days of its spell with its row in the window."""
        opens = self._transactions.day[spells.row] + self._delay_days + 1
        grid = _Grid(self._entities, *self._days)
        start, end = np.maximum(opens, spells.since), np.minimum(opens + window_days, spells.until)
        grid.add(self._transactions.entity[spells.row], start, end, spells.change)
        return grid.running_sum()


class _Grid:
    """Sums over entities and as-of days, kept as differences from one day to the next."""

    def __init__(self, entities: int, first: int, last: int) -> None:
        self._first = first
        self._steps = np.zeros((entities, last - first + 2), np.int64)

    def add(self, entity: Int, start: Int, end: Int, weight: Int) -> None:
        """Add weights to the days [start, end) of their entities."""
        for day, sign in ((np.minimum(start, end), 1), (end, -1)):
            column = np.clip(day - self._first, 0, self._steps.shape[1] - 1)
            np.add.at(self._steps, (entity, column), sign * weight)

    def running_sum(self) -> Int:
        return np.cumsum(self._steps[:, :-1], axis=1)


def _first_arrivals(transactions: MaturedTransactions, within_days: int) -> Bools:
    """Which rows are not a repeat of an id at the same entity."""
    counted = np.ones(len(transactions.day), bool)
    pairs = pd.DataFrame({"e": transactions.entity, "t": transactions.transaction})
    repeated = np.flatnonzero(pairs.duplicated(keep=False).to_numpy())
    previous = pairs.iloc[repeated].assign(day=transactions.day[repeated]).groupby(["e", "t"])["day"].shift()
    counted[repeated] = ~(transactions.day[repeated] - previous.to_numpy() <= within_days)  # NaN: the first one
    return counted
