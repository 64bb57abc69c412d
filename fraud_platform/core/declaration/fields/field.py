"""What all fields of a transaction have, whatever their type."""

import functools
import re
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import Annotated, Any, ClassVar, Literal

import msgspec
import numpy as np
import pyarrow as pa
from msgspec import Meta
from numpy.typing import NDArray

from fraud_platform.core.arrays import Floats
from fraud_platform.core.declaration.faults import Fault

# Without (?!\n), Python's $ would let a line break at the end pass.
NAME_PATTERN = r"^[a-z][a-z0-9_]{0,62}$(?!\n)"
FieldName = Annotated[str, Meta(pattern=NAME_PATTERN, description="small letters, digits and _, such as merchant_id")]
_MEMBER = r"([^.\\\x00-\x1f\x7f]|\\[.\\]){1,64}"
Path = Annotated[
    str,
    Meta(
        pattern=rf"^{_MEMBER}(\.{_MEMBER}){{0,7}}$(?!\n)",
        description="names of nested members with dots between them, such as card.pan_hash, "
        "and \\. for a dot within a name",
    ),
]
Noun = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z][A-Za-z0-9 _-]{0,39}$(?!\n)", description="letters, digits, spaces and hyphens, such as card"
    ),
]
AS_WRITTEN = str.encode
"""What a decoder makes of a number that is not whole where the type is Any: bytes, which text never is."""
Role = Literal["transaction", "key", "time", "amount"]
"""What the platform needs to know: the transaction's id, whose windows it is in, when it was, and how much."""


class Field(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type"):
    """A member of the message, and the column that it becomes."""

    NUMERIC: ClassVar[bool] = False
    """Its values can be added, compared by size and averaged."""
    EXACT: ClassVar[bool] = False
    """Its values are integers in event rows, so that sums of them are exact."""
    IDENTITY: ClassVar[bool] = False
    """Its values are the same or not: they can be told apart, counted and recognised."""
    EVENT_TYPE: ClassVar[str]
    """NumPy's type of its values in event rows."""
    ARROW_TYPE: ClassVar[pa.DataType] = pa.string()
    """Of its column in the lake."""

    name: FieldName
    """The column; in the declaration it stands before the colon."""
    path: Path | None = None
    """Where the message has it; by default under its name."""
    role: Role | None = None
    optional: bool = False
    personal: bool = False
    """Masked wherever a person or a log reads it."""
    noun: Noun | None = None
    """What reasons and names of features call it; by default its name without _id."""
    plural: Noun | None = None

    def encoded(self, values: Any) -> NDArray[Any]:
        """Values (n,) as event rows keep them; None and NaN mean unknown."""
        raise NotImplementedError

    def encoded_column(self, column: Sequence[Any]) -> NDArray[Any]:
        """The same of what a decoder's `column` gave."""
        return self.encoded(column)

    def is_known(self, encoded: NDArray[Any]) -> NDArray[np.bool_]:
        """Which of the encoded values (n,) are known."""
        raise NotImplementedError

    def as_floats(self, encoded: NDArray[Any]) -> Floats:
        """Encoded values (n,) as a feature shows them; NaN where unknown."""
        raise NotImplementedError

    def as_encoded(self, value: bool | float | str) -> int | float | Fraction:
        """One value of a condition, exactly as encoded values compare with it."""
        raise NotImplementedError

    @property
    def type_name(self) -> str:
        """How a declaration calls its type."""
        return str(self.__struct_config__.tag)

    @property
    def units_per_one(self) -> int:
        """What encoded values are divided by."""
        return 1

    @property
    def largest_units(self) -> int:
        """No encoded value of an EXACT field lies further from 0."""
        return 1

    @property
    def source(self) -> tuple[str, ...]:
        """Names of the members that lead to it."""
        return split_path(self.path or self.name)

    @property
    def sources(self) -> tuple[tuple[str, ...], ...]:
        """Of each member that a value is made of, the names that lead to it."""
        return (self.source,)

    @property
    def called(self) -> str:
        """The noun."""
        return self.noun or self.name.removesuffix("_id").replace("_", " ")

    @property
    def called_in_plural(self) -> str:
        if self.plural:
            return self.plural
        noun = self.called
        if noun.endswith("y") and noun[-2:-1] not in tuple("aeiou"):
            return noun[:-1] + "ies"
        return noun + ("es" if noun.endswith(("s", "x", "ch", "sh")) else "s")

    @property
    def word(self) -> str:
        """The noun as part of a feature's name."""
        return identifier(self.called)

    @property
    def word_in_plural(self) -> str:
        return identifier(self.called_in_plural)

    @property
    def is_amount(self) -> bool:
        return self.role == "amount"

    @property
    def json_type(self) -> Any:
        """What msgspec reads a member of it as, null apart.

        Any stands for text, int, bytes or what else JSON has: the decoder's float_hook is AS_WRITTEN.
        """
        raise NotImplementedError

    @property
    def is_free_text(self) -> bool:
        """Whether senders choose its characters, so that they have to be looked at."""
        return False

    def column(self, decoded: Sequence[Any]) -> Sequence[Any]:
        """Values of the column from what `json_type` gave: all at once, since most types leave them as they are.

        A value that is made of several members comes as a tuple of theirs.

        Raises ValueError with the reason in words if any of them is none of the field's. The
        words do not repeat the value, which may be personal.
        """
        return decoded

    @property
    def default_in_column(self) -> Any:
        """What the column has where a message has null or nothing."""
        return getattr(self, "default", None)

    @property
    def arrow_type(self) -> pa.DataType:
        return self.ARROW_TYPE

    @property
    def message_schema(self) -> dict[str, Any]:
        """JSON Schema of a member of it, null apart."""
        return msgspec.json.schema(self.json_type)

    def faults(self) -> Iterator[Fault]:
        """What contradicts itself."""
        if self.optional and self.role is not None:
            yield Fault("optional", f"the field with role {self.role} cannot be optional: every transaction has one")
        default = getattr(self, "default", None)
        if default is not None and not self.optional:
            yield Fault("default", "a default is for a field that may be absent: add optional: true")


@functools.cache
def split_path(path: str) -> tuple[str, ...]:
    r"""The names on a path, without the backslash of a dot within a name.

    >>> split_path(r"card.issuer\.country")
    ('card', 'issuer.country')
    """
    names = re.findall(r"(?:[^.\\]|\\.)+", path)
    return tuple(re.sub(r"\\(.)", r"\1", name) for name in names)


def written_path(names: Iterable[str]) -> str:
    r"""Names as a path, from which `split_path` has them again.

    >>> written_path(["card", "issuer.country"])
    'card.issuer\\.country'
    """
    return ".".join(re.sub(r"([.\\])", r"\\\1", name) for name in names)


def column_of_path(names: Sequence[str]) -> str:
    """The column of a file that has the member: its plain name at the top, and a path within an object.

    >>> column_of_path(["card no."]), column_of_path(["card", "pan_hash"])
    ('card no.', 'card.pan_hash')
    """
    return names[0] if len(names) == 1 else written_path(names)


def identifier(text: str) -> str:
    """Text as part of a feature's name."""
    return text.lower().replace(" ", "_").replace("-", "_")
