"""What lines share that compute with the numbers of a field."""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from fraud_platform.core.arrays import Floats
from fraud_platform.core.declaration.conditions import Where, among
from fraud_platform.core.declaration.faults import Fault
from fraud_platform.core.declaration.fields.boolean import Boolean
from fraud_platform.core.declaration.fields.field import Field, FieldName
from fraud_platform.core.declaration.fields.numeric import Numeric
from fraud_platform.core.declaration.kinds.line import Draft, FieldNeed
from fraud_platform.core.declaration.kinds.windowed import KeyAggregate
from fraud_platform.core.declaration.windows import Window
from fraud_platform.core.declaration.wording import literal
from fraud_platform.core.declaration.world import World
from fraud_platform.core.features.exact_sums import RunningSquares, RunningSum
from fraud_platform.core.features.key_rows import KeyRows
from fraud_platform.core.features.windows import Int, RangeMaximum


class KeyNumbers(KeyAggregate, frozen=True, kw_only=True):
    """A statistic of a number over the windows of the key."""

    NEEDS: ClassVar[FieldNeed] = "number"
    ADDS: ClassVar[bool] = True
    """Values are added up, which is exact for decimals only."""

    of: FieldName

    def number(self, world: World) -> Field:
        """The field of `of`."""
        return world.field(self.of)

    def named(self, world: World, statistic: str) -> str:
        """Name of its features: that of the statistic alone where it is of the amount."""
        field = self.number(world)
        return statistic if field.is_amount else f"{field.word}_{statistic}"

    def within(self, world: World, window: Window) -> str:
        """In which window, for the meaning of a feature; without a condition the transaction itself is in it."""
        return window.text if self.where else f"{window.text}, this one included"

    def statistic(self, world: World, window: Window, name: str, spoken: str) -> Draft:
        """Draft of a statistic that is measured as the number itself is; spoken: what stands before the number."""
        number = self.number(world)
        what = f"{spoken} {number.called}"
        value = f"{{value:{number_format(number)}}}"
        return Draft(
            self.named(world, name),
            unit(number),
            f"{what}{among(world, self.where)} in {self.within(world, window)}",
            f"{self.owner(world).called}'s {what}{literal(among(world, self.where))} in {window.spoken} is {value}",
        )

    def known(self, rows: KeyRows, first: Int, end: Int) -> Int:
        """How many of the rows [first, end) meet the condition and have the number."""
        return rows.count(self.where, self.of, first, end)

    def units_now(self, rows: KeyRows) -> Floats:
        """The number (m,) of the new rows, times units_per_one; NaN where unknown."""
        field, encoded = rows.field_and_column(self.of)
        return np.where(field.is_known(encoded[rows.new]), encoded[rows.new], np.nan)

    def total(self, rows: KeyRows, first: Int, end: Int) -> Floats:
        """Sum of the number over the rows [first, end) that count."""
        return self._running_sum(rows).between(first, end) / self.number(rows.world).units_per_one

    def mean_and_deviation(self, rows: KeyRows, first: Int, end: Int) -> tuple[Floats, Floats]:
        """Mean and standard deviation of the rows [first, end) that count, times units_per_one; 0 of no rows."""
        n = np.maximum(self.known(rows, first, end), 1)
        mean = self._running_sum(rows).between(first, end) / n
        squares = rows.once(
            ("squares", self.of, self.where),
            lambda: RunningSquares(*self._terms(rows)),
        )
        return mean, np.sqrt(np.maximum(squares.between(first, end) / n - mean * mean, 0.0))

    def extreme(self, rows: KeyRows, window: Window, sign: int) -> Floats:
        """Largest value in the window where sign is 1, smallest where it is -1; NaN of no rows."""
        highest = rows.once(("extreme", self.of, self.where, sign), lambda: self._extremes(rows, sign))
        first = rows.first(window.milliseconds)
        found = sign * highest(first, rows.new) / self.number(rows.world).units_per_one
        return np.where(self.known(rows, first, rows.new + 1) > 0, found, np.nan)

    def _extremes(self, rows: KeyRows, sign: int) -> RangeMaximum:
        encoded, counted = rows.column(self.of), rows.counted(self.where, self.of)
        values = sign * (encoded.astype(np.int64) if encoded.dtype.kind == "i" else encoded)
        if counted is not None:
            lowest = -np.inf if values.dtype.kind == "f" else np.iinfo(np.int64).min
            values = np.where(counted, values, lowest)
        return RangeMaximum(values, rows.longest)

    def _running_sum(self, rows: KeyRows) -> RunningSum:
        return rows.once(("sum", self.of, self.where), lambda: RunningSum(*self._terms(rows)))

    def _terms(self, rows: KeyRows) -> tuple[Int, int]:
        """The number in units, 0 in rows that do not count, and the bound that its field declares."""
        units, counted = rows.column(self.of).astype(np.int64, copy=False), rows.counted(self.where, self.of)
        return units if counted is None else np.where(counted, units, 0), self.number(rows.world).largest_units

    def faults(self, world: World) -> Iterator[Fault]:
        yield from super().faults(world)
        yield from faults_of_currency(world, self.option, self.of, self.where)
        if self.ADDS:
            yield from faults_of_sum(world, self.option, self.of)


def number_format(field: Field) -> str:
    """How a reason writes a value of a numeric field."""
    return field.number_format if isinstance(field, Numeric | Boolean) else ",.4g"


def unit(field: Field) -> str:
    """What a numeric field is measured in."""
    return field.measured_in if isinstance(field, Numeric | Boolean) else ""


def faults_of_sum(world: World, option: str, name: FieldName) -> Iterator[Fault]:
    """That sums of the field would depend on the order of their terms."""
    field = next((field for field in world if field.name == name), None)
    if field is not None and field.NUMERIC and not field.EXACT:
        yield Fault(
            option,
            f"{option} adds {name} up, and sums of a double depend on how rows are cut into batches: "
            f"make it {{type: decimal, scale: 2}}, with the decimal places that count",
        )


def faults_of_currency(world: World, option: str, name: FieldName, where: Where) -> Iterator[Fault]:
    """That amounts of several currencies would be added up."""
    field = next((field for field in world if field.name == name), None)
    currency = getattr(field, "currency_field", None)
    if currency is None:
        return
    fixed = any(test.field == currency and len(test.values) == 1 for test in where)
    if not fixed:
        yield Fault(
            option,
            f"{name} is in several currencies, which are not added up: "
            f"add where: {{field: {currency}, equals: EUR}}, a line for each",
        )
