"""What all lines of features have, whatever their kind."""

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

import msgspec
from msgspec import Meta
from numpy.typing import NDArray

from fraud_platform.core.declaration.faults import Fault, one_of
from fraud_platform.core.declaration.fields.field import FieldName
from fraud_platform.core.declaration.windows import NO_WINDOW, Window
from fraud_platform.core.declaration.wording import in_window
from fraud_platform.core.declaration.world import World
from fraud_platform.core.features.declaration import Feature
from fraud_platform.core.features.key_rows import KeyRows

FeatureName = FieldName
Sentence = Annotated[str, Meta(max_length=300)]
FieldNeed = Literal["", "number", "id"]
"""What a field has to be: anything, a number, or what can be told apart and recognised."""


_WORDING = frozenset(("name", "unit", "meaning", "default", "words", "words_if_default", "over"))
"""Options that a feature shows by itself, or that do not change its values."""


class Draft(NamedTuple):
    """What a line says of a feature where it does not say otherwise."""

    name: str
    """Without the window."""
    unit: str
    meaning: str
    words: str | tuple[str, ...]
    words_if_default: str = ""
    default: float = 0.0


class Nothing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """{}: of a kind that is computed from no field."""


class FeatureLine(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line of the declaration: features of one kind, one for each of its windows.

    A kind's own option, which stands for the kind in the declaration, is the attribute `of`.
    """

    NEEDS: ClassVar[FieldNeed] = ""
    """What the field has to be that `of` names, if it names one."""

    name: FeatureName | None = None
    """Instead of the default. The window follows where the line has `over`."""
    unit: Annotated[str, Meta(max_length=40)] | None = None
    meaning: Sentence | None = None
    """Here and in words, {window} stands for 1d and {period} for 24 hours."""
    default: float | None = None
    """Value where nothing is known."""
    words: Sentence | Annotated[tuple[Sentence, ...], Meta(min_length=2, max_length=100)] | None = None
    """Sentence of a reason, with {value:,.2f} and other features by name; or one for each whole value from 0 on."""
    words_if_default: Sentence | None = None

    @property
    def option(self) -> str:
        """The kind's own option."""
        return kind_name(type(self))

    @property
    def is_named_by_window(self) -> bool:
        """Names of its features end in their windows."""
        return False

    def windows(self, world: World) -> tuple[Window, ...]:
        """Of its features, in order."""
        return (NO_WINDOW,)

    def entity(self, world: World) -> str:
        """What its features are of."""
        return world.owner

    def draft(self, world: World, window: Window) -> Draft:
        """The feature of a window by default."""
        raise NotImplementedError

    def feature(self, world: World, window: Window) -> Feature:
        """The feature of a window, for a line without faults."""
        draft = self.draft(world, window)
        name = self.name or draft.name
        words = draft.words if self.words is None else self.words
        if_default = draft.words_if_default if self.words_if_default is None else self.words_if_default
        return Feature(
            name=f"{name}_{window.text}" if self.is_named_by_window else name,
            entity=self.entity(world),
            window=window.text,
            unit=draft.unit if self.unit is None else self.unit,
            meaning=in_window(draft.meaning if self.meaning is None else self.meaning, window),
            default=draft.default if self.default is None else self.default,
            words=in_window(words, window) if isinstance(words, str) else words,
            words_if_default=in_window(if_default, window),
            computation=self.computation,
        )

    @property
    def computation(self) -> str:
        """What decides on the values, as JSON: all but names, words and windows."""
        options = {
            option.encode_name: value
            for option in msgspec.structs.fields(self)
            if option.name not in _WORDING and (value := getattr(self, option.name)) != option.default
        }
        return msgspec.json.encode(options, order="sorted").decode()

    def compute(self, rows: KeyRows, window: Window) -> NDArray[Any]:
        """Values (m,) of the feature of a window for the m new rows; NaN, of floats, where nothing is known."""
        raise NotImplementedError

    def faults(self, world: World) -> Iterator[Fault]:
        """What does not fit the fields and the history; where there is something, the line has no features."""
        of = getattr(self, "of", None)
        if isinstance(of, str) and self.NEEDS:
            yield from faults_of_field(world, self.option, of, self.NEEDS)

    def faults_of_features(self, world: World) -> Iterator[Fault]:
        """What does not fit the features that the line has by default."""
        if isinstance(self.words, tuple):
            usual = self.draft(world, self.windows(world)[0]).words
            if not isinstance(usual, tuple) or len(usual) != len(self.words):
                yield Fault(
                    "words", "a list of words has one for each value, as for the day of the week: write one text"
                )


def kind_name(kind: type[FeatureLine]) -> str:
    """How a declaration calls the kind."""
    return next(option.encode_name for option in msgspec.structs.fields(kind) if option.name == "of")


def faults_of_field(world: World, option: str, name: str, need: FieldNeed = "") -> Iterator[Fault]:
    """That there is no such field, or it is no number or id where one is needed."""
    if name not in world.names:
        yield Fault(option, f"there is no field {name}: {one_of(name, world.names)}")
        return
    field = world.field(name)
    if need == "number" and not field.NUMERIC:
        suited = [other.name for other in world if other.NUMERIC]
        yield Fault(option, f"{name} is no number: name one that is ({', '.join(suited) or 'there is none'})")
    if need == "id" and not field.IDENTITY:
        suited = [other.name for other in world if other.IDENTITY]
        yield Fault(
            option, f"{name} is no id, category or ip: name one that is ({', '.join(suited) or 'there is none'})"
        )
