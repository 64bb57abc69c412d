"""Categories: a channel, a country, a merchant category code."""

import re
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, ClassVar, Literal

from msgspec import Meta

from fraud_platform.core.declaration.faults import Fault, quoted
from fraud_platform.core.declaration.fields.identity import LONGEST_TEXT, Identity

_PATTERN = r"((\[[A-Za-z0-9 _.:/-]+\]|[A-Za-z0-9 _:/-])(\{[0-9]{1,3}(,[0-9]{1,3})?\})?){1,8}"
"""Characters and classes of them, counted: no pattern of these takes long on any message."""
Value = Annotated[str, Meta(min_length=1, max_length=LONGEST_TEXT)]


class Category(Identity, tag="category", frozen=True):
    """Text of few values that many transactions share."""

    IS_REPEATED: ClassVar[bool] = True

    role: None = None
    entity: bool = False
    """Features may be counted per value of it, over all keys."""
    values: Annotated[tuple[Value, ...], Meta(min_length=1, max_length=1000)] | None = None
    """The only ones there are; a message with another is rejected."""
    pattern: Annotated[str, Meta(max_length=100)] | None = None
    """What all of them look like: characters and classes with their number, such as [A-Z]{2}."""
    max_length: Annotated[int, Meta(ge=1, le=LONGEST_TEXT)] = 64
    default: str | None = None

    @property
    def json_type(self) -> Any:
        if self.values is not None:
            return Literal[self.values]  # type: ignore[valid-type]
        return str if self.pattern is not None else Annotated[str, Meta(min_length=1, max_length=self.max_length)]

    @property
    def is_free_text(self) -> bool:
        return self.values is None and self.pattern is None

    def column(self, decoded: Sequence[Any]) -> Sequence[Any]:
        if self.pattern is None or self.values is not None:
            return decoded
        whole = rf"\A{self.pattern}\Z"
        is_one = re.compile(whole).match
        for value in set(decoded):  # few, which is why msgspec is not asked to match each of them
            if not is_one(value):
                raise ValueError(f"expected `str` matching regex {whole!r}")
            if not 1 <= len(value) <= self.max_length:
                raise ValueError(f"expected `str` of length 1 to {self.max_length}")
        return decoded

    @property
    def message_schema(self) -> dict[str, Any]:
        schema = super().message_schema
        return schema if self.is_free_text or self.values else schema | {"pattern": f"^{self.pattern}$"}

    def faults(self) -> Iterator[Fault]:
        yield from super().faults()
        if self.pattern is not None and not _is_simple(self.pattern):
            yield Fault(
                "pattern",
                f"{quoted(self.pattern)} is no pattern of at most 8 characters or classes with their number, "
                "such as [A-Z]{2} or [0-9]{4}",
            )
        if self.values is not None and len(set(self.values)) < len(self.values):
            yield Fault("values", "a value is listed twice")
        if self.values is not None and self.default is not None and self.default not in self.values:
            yield Fault("default", f"{quoted(self.default)} is not among the values")
        elif self.values is None and self.default is not None and not self._takes(self.default):
            yield Fault("default", f"{quoted(self.default)} is no value that a message could have")

    def _takes(self, value: str) -> bool:
        fits_pattern = self.pattern is None or not _is_simple(self.pattern) or re.fullmatch(self.pattern, value)
        return bool(fits_pattern) and 1 <= len(value) <= self.max_length


def _is_simple(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except re.error:
        return False
    return re.fullmatch(_PATTERN, pattern) is not None
