"""Conditions on a transaction: which ones a feature counts."""

import math
import operator
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Annotated, Any

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from fraud_platform.core.declaration.faults import Fault, one_of, quoted
from fraud_platform.core.declaration.fields.boolean import Boolean
from fraud_platform.core.declaration.fields.field import Field, FieldName
from fraud_platform.core.declaration.world import World

Value = bool | int | float | str

_COMPARISONS: dict[str, tuple[Callable[[Any, Any], NDArray[np.bool_]], Callable[[Fraction], int]]] = {
    "above": (operator.gt, math.floor),
    "at_least": (operator.ge, math.ceil),
    "at_most": (operator.le, math.floor),
    "below": (operator.lt, math.ceil),
}
"""Name → comparison, and the integer that stands for a fraction in it where the values are integers."""


class Condition(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A test of one field. Where several are given all have to hold; an unknown value meets none."""

    field: FieldName
    equals: Value | None = None
    one_of: Annotated[tuple[Value, ...], Meta(min_length=1, max_length=1000)] | None = None
    above: float | None = None
    at_least: float | None = None
    at_most: float | None = None
    below: float | None = None

    @property
    def comparisons(self) -> dict[str, float]:
        """Those that are given, by name."""
        return {name: value for name in _COMPARISONS if (value := getattr(self, name)) is not None}

    @property
    def values(self) -> tuple[Value, ...]:
        """The ones that the field may have; empty where only its size counts."""
        return (self.equals,) if self.equals is not None else self.one_of or ()

    @property
    def spoken(self) -> str:
        """The test without the field: at most 5."""
        texts = [f"{name.replace('_', ' ')} {bound:g}" for name, bound in self.comparisons.items()]
        if self.values:
            texts.append(" or ".join(_written(value) for value in self.values))
        return " and ".join(texts)

    def is_met(self, field: Field, encoded: NDArray[Any]) -> NDArray[np.bool_]:
        """Which of the field's encoded values (n,) meet the condition."""
        met = field.is_known(encoded)
        for name, bound in self.comparisons.items():
            compare, whole = _COMPARISONS[name]
            limit = field.as_encoded(bound)
            met &= compare(encoded, whole(limit) if isinstance(limit, Fraction) else limit)
        if self.values:
            wanted = [field.as_encoded(value) for value in self.values]
            # No value has more decimal places than its field.
            wanted = [value for value in wanted if not isinstance(value, Fraction) or value.denominator == 1]
            met &= np.isin(encoded, np.array([int(v) if isinstance(v, Fraction) else v for v in wanted]))
        return met

    def faults(self, world: World) -> Iterator[Fault]:
        """What does not fit the field."""
        if self.field not in world.names:
            yield Fault("where", f"there is no field {self.field}: {one_of(self.field, world.names)}")
            return
        field = world.field(self.field)
        if not self.comparisons and not self.values:
            yield Fault("where", f"the condition on {self.field} tests nothing: add equals, one_of or at_most")
        if self.equals is not None and self.one_of is not None:
            yield Fault("where", f"equals and one_of on {self.field}: add the value to one_of")
        if self.comparisons and not field.NUMERIC:
            yield Fault("where", f"{self.field} is no number and has no size: use equals or one_of")
        if not field.NUMERIC and not field.IDENTITY:
            yield Fault("where", f"{self.field} is neither a number nor an id or category: name another field")
        wanted = (bool,) if isinstance(field, Boolean) else (int, float) if field.NUMERIC else (str,)
        for value in self.values:
            if type(value) not in wanted:
                called = {bool: "true or false", int: "a number", str: "text, in quotes"}[wanted[0]]
                yield Fault("where", f"{self.field} is never {quoted(_written(value))}: its values are {called}")


Where = tuple[Condition, ...]


def _written(value: Value) -> str:
    """As the declaration writes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def among(world: World, conditions: Where) -> str:
    """Of which transactions something is taken: nothing where of all."""
    return f" of {those_that_count(world, conditions)}" if conditions else ""


def those_that_count(world: World, conditions: Where) -> str:
    """What is counted, in words: transactions; amounts of at most 5; transactions with channel online."""
    if not conditions:
        return "transactions"
    if len(conditions) == 1 and world.field(conditions[0].field).is_amount:
        return f"{world.field(conditions[0].field).called_in_plural} of {conditions[0].spoken}"
    texts = [f"{world.field(condition.field).called} {condition.spoken}" for condition in conditions]
    return f"transactions with {' and '.join(texts)}"
