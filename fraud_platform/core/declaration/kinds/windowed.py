"""Lines whose features look back: over which windows, of which key or entity, and at which transactions."""

from collections.abc import Iterator

from fraud_platform.core.declaration.conditions import Where
from fraud_platform.core.declaration.faults import Fault
from fraud_platform.core.declaration.fields.field import Field, FieldName
from fraud_platform.core.declaration.kinds.line import FeatureLine, faults_of_field
from fraud_platform.core.declaration.windows import Window, Windows, windows_of
from fraud_platform.core.declaration.world import World


class WindowedLine(FeatureLine, frozen=True, kw_only=True):
    """Features of the values of a field, over windows that the history holds."""

    per: FieldName
    """The field whose values each have windows of their own."""
    over: Windows | None = None

    @property
    def is_named_by_window(self) -> bool:
        return self.over is not None

    def windows(self, world: World) -> tuple[Window, ...]:
        return (world.history,) if self.over is None else windows_of(self.over)

    def entity(self, world: World) -> str:
        return self.owner(world).word

    def owner(self, world: World) -> Field:
        """The field of `per`."""
        return world.field(self.per)

    def faults(self, world: World) -> Iterator[Fault]:
        yield from super().faults(world)
        found = list(faults_of_field(world, "per", self.per))
        yield from found or self.faults_of_owner(world)
        seen = set()
        for window in self.windows(world):
            if window.milliseconds > world.history.milliseconds:
                history = world.history.text
                yield Fault(
                    "over",
                    f"window {window.text} is longer than the history of {history}: "
                    f"declare history: {window.text}, or a shorter window",
                )
            if window.milliseconds in seen:
                yield Fault("over", f"window {window.text} is listed twice: leave one out")
            seen.add(window.milliseconds)

    def faults_of_owner(self, world: World) -> Iterator[Fault]:
        """That the field of `per` has no such windows."""
        return iter(())


class KeyLine(WindowedLine, frozen=True, kw_only=True):
    """Windows of the key, whose transactions come in order: this one is included unless the kind says otherwise."""

    def faults_of_owner(self, world: World) -> Iterator[Fault]:
        key = world.with_role("key")
        if key is None:
            yield Fault("per", f"{self.option} is per key, and no field has role: key")
        elif key.name != self.per:
            yield Fault(
                "per",
                f"{self.option} is per key, which is {key.name}: for an entity there are velocity and matured_count",
            )


class KeyAggregate(KeyLine, frozen=True, kw_only=True):
    """Something over the transactions of each window that meet a condition."""

    over: Windows
    where: Where = ()

    def faults(self, world: World) -> Iterator[Fault]:
        yield from super().faults(world)
        yield from faults_of_conditions(world, self.where)


class EntityLine(WindowedLine, frozen=True, kw_only=True):
    """The same of an entity, whose transactions come in all partitions."""

    over: Windows
    where: Where = ()

    def faults_of_owner(self, world: World) -> Iterator[Fault]:
        if not getattr(self.owner(world), "entity", False):
            yield Fault("per", f"{self.per} is no entity: declare it with entity: true")

    def faults(self, world: World) -> Iterator[Fault]:
        yield from super().faults(world)
        yield from faults_of_conditions(world, self.where)


def faults_of_conditions(world: World, where: Where) -> Iterator[Fault]:
    """Those of all conditions."""
    for condition in where:
        yield from condition.faults(world)
