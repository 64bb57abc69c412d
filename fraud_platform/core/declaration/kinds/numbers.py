"""What lines share that compute with the numbers of a field."""

from collections.abc import Iterator
from typing import ClassVar

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


class KeyNumbers(KeyAggregate, frozen=True, kw_only=True):
    """A statistic of a number over the windows of the key."""

    NEEDS: ClassVar[FieldNeed] = "number"

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

    def faults(self, world: World) -> Iterator[Fault]:
        yield from super().faults(world)
        yield from faults_of_currency(world, self.option, self.of, self.where)


def number_format(field: Field) -> str:
    """How a reason writes a value of a numeric field."""
    return field.number_format if isinstance(field, Numeric | Boolean) else ",.4g"


def unit(field: Field) -> str:
    """What a numeric field is measured in."""
    return field.measured_in if isinstance(field, Numeric | Boolean) else ""


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
