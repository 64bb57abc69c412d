"""A declaration as objects: what a transaction is, and what is computed from it."""

from dataclasses import dataclass
from typing import Literal

import msgspec

from fraud_platform.core.declaration.conditions import Where
from fraud_platform.core.declaration.fields.field import FieldName, Path
from fraud_platform.core.declaration.file_layout import FileLayout
from fraud_platform.core.declaration.kinds.line import FeatureLine
from fraud_platform.core.declaration.labels import Labels
from fraud_platform.core.declaration.windows import NO_WINDOW, Window, Windows, WindowText
from fraud_platform.core.declaration.world import World
from fraud_platform.core.features.declaration import Feature

DEFAULT_HISTORY = "30d"


class Version(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A member that says which layout a message has."""

    member: Path
    equals: int | str
    """A message with another is rejected."""


class Message(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a message is written."""

    format: Literal["json"] = "json"
    envelope: Path | None = None
    """The member that the transaction lies in, and that is null in a deletion: `after` of Debezium's messages."""
    version: Version | None = None
    """Its member lies beside those of the fields."""


class Header(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All of a declaration but its fields and features."""

    name: FieldName
    history: WindowText = DEFAULT_HISTORY
    """How far back any feature may look."""
    message: Message = Message()
    labels: Labels | None = None
    file: FileLayout | None = None
    """How files of transactions are written."""


class FeatureGroup(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Lines that share an owner and windows: for each window in turn the features of all lines."""

    per: FieldName
    over: Windows
    where: Where = ()


@dataclass(frozen=True)
class DeclaredFeature:
    """A feature and the line that it comes from."""

    feature: Feature
    line: FeatureLine

    @property
    def window(self) -> Window:
        """The feature's own; NO_WINDOW where the line has none."""
        return Window.of(self.feature.window) if self.feature.window else NO_WINDOW


@dataclass(frozen=True)
class Declaration:
    """A checked declaration: every name in it is known, and every window fits the history."""

    header: Header
    world: World
    declared: tuple[DeclaredFeature, ...]

    @property
    def features(self) -> tuple[Feature, ...]:
        """All features, in their order."""
        return tuple(declared.feature for declared in self.declared)

    def features_of(self, kind: type[FeatureLine]) -> tuple[Feature, ...]:
        """Those of lines of the kind, in their order."""
        return tuple(declared.feature for declared in self.declared if isinstance(declared.line, kind))
