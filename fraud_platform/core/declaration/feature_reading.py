"""The features of a declaration from its tree: lines, groups of lines, and the features that they stand for."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from fraud_platform.core.declaration import reserved
from fraud_platform.core.declaration.conversion import as_list, converted, place_of_option
from fraud_platform.core.declaration.declaration import DeclaredFeature, FeatureGroup
from fraud_platform.core.declaration.faults import Faults, one_of, quoted
from fraud_platform.core.declaration.kinds.line import FeatureLine
from fraud_platform.core.declaration.kinds.table import FEATURE_KINDS
from fraud_platform.core.declaration.kinds.value import Value
from fraud_platform.core.declaration.windows import Window, windows_of
from fraud_platform.core.declaration.wording import faults_of_words
from fraud_platform.core.declaration.world import World
from fraud_platform.core.declaration.yaml_tree import Node

MOST_FEATURES = 2_000

_SHARED = frozenset(option.encode_name for cls in (FeatureLine, FeatureGroup) for option in msgspec.structs.fields(cls))
"""Options that lines of many kinds have, so that none of them can be meant for a kind."""


class _Placed(NamedTuple):
    """A line without faults, and where it stands."""

    line: FeatureLine
    node: Node


class _Expanded(NamedTuple):
    """A feature, and where its line stands."""

    declared: DeclaredFeature
    node: Node


@dataclass(frozen=True)
class FeatureReader:
    """Reads lines against a world, and adds what is wrong with them to the faults."""

    world: World
    faults: Faults

    def read(self, node: Node) -> tuple[DeclaredFeature, ...]:
        """All features, in their order."""
        expanded: list[_Expanded] = []
        for part in as_list(node, self.faults, "features"):
            expanded.extend(self._group(part) if _is_group(part) else self._single(part))
            if len(expanded) > MOST_FEATURES:
                self.faults.fail(part.place, f"more than {MOST_FEATURES:,} features: leave some out")
        self._check_names(expanded)
        self._check_words(expanded)
        return tuple(found.declared for found in expanded)

    def _single(self, node: Node) -> Iterator[_Expanded]:
        placed = self._line(node, {})
        if placed is not None:
            for window in placed.line.windows(self.world):
                yield self._expanded(placed, window)

    def _group(self, node: Node) -> Iterator[_Expanded]:
        group = converted(node, FeatureGroup, self.faults, "a group of features", read=("features",))
        if group is None:
            return
        shared = {name: part for name, part in node.value.items() if name != "features"}
        parts = as_list(node.value["features"], self.faults, "features of a group")
        lines = [placed for part in parts if (placed := self._line(part, shared))]
        for window in windows_of(group.over):
            for placed in lines:
                yield self._expanded(placed, window)

    def _line(self, node: Node, shared: Mapping[str, Node]) -> _Placed | None:
        """The line with the options that its group shares; None where it has faults."""
        if not isinstance(node.value, dict):
            self.faults.add(node.place, "a feature is a mapping, such as {value: amount}")
            return None
        for name in set(shared) & set(node.value):
            self.faults.add(
                node.place_of(name), f"{name} is the group's: leave it out here, or take the line out of it"
            )
        kind = self._kind(node)
        if kind is None:
            return None
        whole = Node({**shared, **node.value}, node.place, node.keys)
        line = converted(whole, FEATURE_KINDS[kind], self.faults, kind)
        if line is None:
            return None
        found = list(line.faults(self.world)) or list(line.faults_of_features(self.world))
        for fault in found:
            self.faults.add(place_of_option(whole, fault.option), fault.text)
        return None if found else _Placed(line, node)

    def _kind(self, node: Node) -> str | None:
        kinds = [name for name in node.value if name in FEATURE_KINDS]
        if len(kinds) == 1:
            return kinds[0]
        if kinds:
            self.faults.add(node.place_of(kinds[1]), f"{' and '.join(kinds)} in one line: write a line for each")
            return None
        meant = next((name for name in node.value if name not in _SHARED), None)
        if meant is None:
            self.faults.add(node.place, f"a line without a kind of feature: {one_of('', FEATURE_KINDS)}")
        else:
            self.faults.add(
                node.place_of(meant), f"{quoted(meant)} is no kind of feature: {one_of(meant, FEATURE_KINDS)}"
            )
        return None

    def _expanded(self, placed: _Placed, window: Window) -> _Expanded:
        feature = placed.line.feature(self.world, window)
        return _Expanded(DeclaredFeature(feature, placed.line), placed.node)

    def _check_names(self, expanded: list[_Expanded]) -> None:
        first: dict[str, int] = {}
        for declared, node in expanded:
            name = declared.feature.name
            if why := self._taken(declared):
                self.faults.add(node.place, f"no feature can be called {name}: {why}: give it a name")
            if name in first:
                self.faults.add(
                    node.place, f"a second feature {name}, the first is in line {first[name]}: give one of them a name"
                )
            first.setdefault(name, node.place.line)

    def _taken(self, declared: DeclaredFeature) -> str | None:
        """Why the feature's name is not free."""
        name, amount = declared.feature.name, self.world.with_role("amount")
        if name in reserved.FEATURES:
            return "a column of the lake's tables has this name"
        if name == "amount" and amount and not (isinstance(declared.line, Value) and declared.line.of == amount.name):
            return f"the tables call so what is at stake, which is {amount.name}"
        return None

    def _check_words(self, expanded: list[_Expanded]) -> None:
        names = [declared.feature.name for declared, _ in expanded]
        for declared, node in expanded:
            if isinstance(declared.line.words, str) and isinstance(declared.feature.words, str):
                for text in faults_of_words(declared.feature.words, names):
                    self.faults.add(place_of_option(node, "words"), text)


def _is_group(node: Node) -> bool:
    return isinstance(node.value, dict) and "features" in node.value
