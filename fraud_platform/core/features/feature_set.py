"""A feature set: the features of one declaration, and all that computes them."""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from fraud_platform.core.arrays import Floats
from fraud_platform.core.declaration.declaration import Declaration, DeclaredFeature
from fraud_platform.core.declaration.kinds.expression import Expression
from fraud_platform.core.declaration.kinds.matured_line import MaturedLine
from fraud_platform.core.declaration.kinds.value import Value
from fraud_platform.core.declaration.kinds.velocity_line import VelocityLine
from fraud_platform.core.features.declaration import Feature
from fraud_platform.core.features.kernel import FeatureKernel
from fraud_platform.core.features.velocity_plan import SETTLE_MS, VelocityPlan
from fraud_platform.core.time import DAY_MS

KERNEL_REVISION = 1
"""Raise when the meaning of a declared feature changes without its declaration."""
_FORMER = {"28cca1f8e0621e42": "b3f5976fb60dc68f"}
"""Versions that were written down before what computes a feature was part of them: of simulated.yaml."""


class FeatureSet:
    """What a declaration asks for: features of the key, of the matured transactions of entities, and velocities."""

    def __init__(self, declaration: Declaration) -> None:
        self.declaration = declaration
        self.world = declaration.world
        self.features = declaration.features
        self.names = tuple(feature.name for feature in self.features)
        declared = declaration.declared
        self.of_key = tuple(one for one in declared if not isinstance(one.line, (MaturedLine, VelocityLine)))
        """Of a transaction and its key's history: what the kernel computes."""
        self.matured = _by_entity(declared, MaturedLine)
        """Field of an entity → what labels tell of its values."""
        self.velocity = VelocityPlan(self.world, [one for one in declared if isinstance(one.line, VelocityLine)])
        self.kernel = FeatureKernel(self.world, self.of_key)
        self.layout = self.kernel.layout

    @cached_property
    def hash(self) -> str:
        """Version of the feature set: see `feature_set_hash`."""
        return feature_set_hash(self.features, self.history_days)

    @cached_property
    def state_version(self) -> str:
        """16 hex digits that change where state kept for other features does not serve these.

        Event rows serve any features of the same fields and history, decimals in the same units. Entity events
        are counted by windows and conditions, which are those of the velocities.
        """
        plan = self.velocity
        counted = plan.entities, [window.text for window in plan.windows], plan.conditions
        units = [field.units_per_one for field in self.world]
        text = repr((self.layout.version, self.world.history.milliseconds, units, counted))
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def history_days(self) -> int:
        """How many days back any feature may look, begun ones included."""
        return -(-self.world.history.milliseconds // DAY_MS)

    @property
    def transaction(self) -> str:
        """The field with the transaction's id."""
        return self.world.of_role("transaction").name

    @property
    def key(self) -> str:
        """The field whose values each have a history: the transaction itself in a world without a key."""
        key = self.world.with_role("key")
        return key.name if key else self.transaction

    @property
    def time(self) -> str:
        """The field with the time of the event."""
        return self.world.of_role("time").name

    @property
    def amount(self) -> str | None:
        """The field with the money that is at stake, where there is one."""
        amount = self.world.with_role("amount")
        return amount.name if amount else None

    @property
    def shows_amount(self) -> bool:
        """Whether the feature named amount is that very money."""
        declared = self.declaration.declared
        lines = [one.line for one in declared if one.feature.name == "amount" and isinstance(one.line, Value)]
        return any(line.of == self.amount for line in lines)

    @property
    def matured_fields(self) -> tuple[str, ...]:
        """Fields that the matured features are made from, those of entities included."""
        found = dict.fromkeys(self.matured)
        for one in self.matured_features:
            assert isinstance(one.line, MaturedLine)
            found |= dict.fromkeys(test.field for test in one.line.where)
            if isinstance(of := getattr(one.line, "of", None), str):
                found[of] = None
        return tuple(found)

    def fields_of(self, declared: DeclaredFeature) -> tuple[str, ...]:
        """The fields that a feature is computed from, in the order of the declaration."""
        named = set(_names_in(json.loads(declared.line.computation)))
        if not isinstance(declared.line, (Value, Expression)):
            named.add(self.time)
        return tuple(name for name in self.world.names if name in named)

    @cached_property
    def matured_features(self) -> tuple[DeclaredFeature, ...]:
        """Those of all entities, one entity after the other."""
        return tuple(one for declared in self.matured.values() for one in declared)

    @cached_property
    def categories(self) -> tuple[int, ...]:
        """Columns of the features that are values of an id or category: a hash that only tells them apart."""
        return tuple(
            column
            for column, one in enumerate(self.declaration.declared)
            if isinstance(one.line, Value) and not self.world.field(one.line.of).NUMERIC
        )

    def joined(self, of_key: Floats, matured: Floats, velocities: Floats) -> Floats:
        """Features (n, F) in their declared order.

        of_key, matured, velocities: values (n, …) in the order of `of_key`, `matured_features` and `velocity.declared`.
        """
        values = np.hstack((of_key, matured, velocities))
        return values if self._is_in_order else values[:, self._places]

    @cached_property
    def _places(self) -> list[int]:
        """Where in `joined` parts each feature stands."""
        parts = (*self.of_key, *self.matured_features, *self.velocity.declared)
        at = {one.feature.name: place for place, one in enumerate(parts)}
        return [at[name] for name in self.names]

    @cached_property
    def _is_in_order(self) -> bool:
        return self._places == list(range(len(self.names)))


def _names_in(computation: Any) -> Iterator[str]:
    """Names in what a line says, values of its conditions left out."""
    if isinstance(computation, dict):
        for option, value in computation.items():
            if option == "where":
                yield from (test["field"] for test in value)
            else:
                yield from _names_in(value)
    elif isinstance(computation, list):
        for part in computation:
            yield from _names_in(part)
    elif isinstance(computation, str):
        yield from re.findall(r"[a-z][a-z0-9_]*", computation)


def defaults(declared: Iterable[DeclaredFeature]) -> list[float]:
    """What stands where nothing is known."""
    return [one.feature.default for one in declared]


def default_rows(declared: Sequence[DeclaredFeature], rows: int) -> Floats:
    """The defaults (rows, F)."""
    return np.tile(np.array(defaults(declared), np.float64), (rows, 1))


def feature_set_hash(features: Sequence[Feature], history_days: int) -> str:
    """16 hex digits over the features, what computes them, their order and the history; wording does not count."""
    declared = [(*feature.definition, feature.computation) for feature in features]
    text = repr((KERNEL_REVISION, history_days, SETTLE_MS, declared))
    found = hashlib.sha256(text.encode()).hexdigest()[:16]
    return _FORMER.get(found, found)


def _by_entity(declared: Iterable[DeclaredFeature], kind: type[Any]) -> Mapping[str, tuple[DeclaredFeature, ...]]:
    found: dict[str, list[DeclaredFeature]] = {}
    for one in declared:
        if isinstance(one.line, kind):
            found.setdefault(one.line.per, []).append(one)
    return {entity: tuple(own) for entity, own in found.items()}
