"""Mending a dead letter: other values for some fields, or none, and the key that belongs to it."""

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fraud_platform.core.declaration.fields.field import split_path
from fraud_platform.declared import DECLARATION, FEATURE_SET
from fraud_platform.errors import DeadLetterError
from fraud_platform.operations.dead_letters import DeadLetter

_KEY = (
    *split_path(DECLARATION.header.message.envelope or ""),
    *FEATURE_SET.world.field(FEATURE_SET.key).source,
)
"""Names of the members that lead to the key."""
LONGEST_VALUE = 64
"""Characters of a new value that the ledger keeps."""


@dataclass(frozen=True)
class Edit:
    """Fields to set, by name, and fields to leave out."""

    values: Mapping[str, Any] = field(default_factory=dict)
    without: Collection[str] = ()

    def __bool__(self) -> bool:
        return bool(self.values or self.without)

    def __str__(self) -> str:
        """As the ledger tells it: `country="DE", without amount`."""
        parts = [f"{name}={json.dumps(value)[:LONGEST_VALUE]}" for name, value in self.values.items()]
        return ", ".join([*parts, *(f"without {name}" for name in self.without)])

    def apply(self, letter: DeadLetter) -> DeadLetter:
        """The letter with the edit, its key that of the declaration, or a report's transaction_id.

        The bytes stay as received where nothing is edited.

        Raises DeadLetterError where there is an edit and the message is no JSON object, or
        names a field twice that is not edited: which value was meant, nobody can know.
        """
        document, repeated = _parse(letter.value)
        if document is None:
            if self:
                raise DeadLetterError(f"dead letter {letter.id} is no JSON object, so no field of it can be repaired")
            return letter
        if self and (unclear := repeated - set(self.values) - set(self.without)):
            raise DeadLetterError(f"dead letter {letter.id} names {min(unclear)} twice: say its value with --set")
        document = {name: value for name, value in {**document, **self.values}.items() if name not in self.without}
        owner = _at(document, ("transaction_id",) if letter.is_report else _KEY)
        # Half a surrogate pair is no text; the decoder will say so.
        key = owner.encode(errors="replace") if isinstance(owner, str) else letter.key
        return letter._replace(key=key, value=json.dumps(document).encode() if self else letter.value)


UNCHANGED = Edit()


def _at(document: Any, path: Sequence[str]) -> Any:
    """The value that the names lead to; None where there is none."""
    for name in path:
        document = document.get(name) if isinstance(document, dict) else None
    return document


def _parse(value: bytes | None) -> tuple[dict[str, Any] | None, set[str]]:
    """The object, None where there is none, and the names that it has twice.

    Python's parser, since it reads the NaN that the strict one refuses.
    """
    repeated: set[str] = set()

    def to_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        repeated.clear()  # the outermost object comes last
        repeated.update(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
        return dict(pairs)

    try:
        document = json.loads((value or b"").decode(), object_pairs_hook=to_object)
    except (ValueError, RecursionError):
        return None, set()
    return (document, repeated) if isinstance(document, dict) else (None, set())
